// Types of faults.mjs, which is a preload of a program and so cannot be TypeScript.

export function installFaults(fault: { kind: string; at: number; fired: () => void }): () => void;
