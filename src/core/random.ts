// A number that the author of a capture cannot foresee: it seeds hash tables, and shows in no result.

export const randomSeed = (): number => globalThis.crypto.getRandomValues(new Int32Array(1))[0]!;
