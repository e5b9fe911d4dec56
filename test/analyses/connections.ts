// How does a test say what hundreds of connections do, side by side? Each is a few steps at times of its own; the whole is one
// packet script.

/** A segment at a time, in milliseconds: `[100, "c SYN port=40000"]`. */
export type Step = readonly [ms: number, segment: string];

export const timeline = (steps: readonly Step[]): string => {
  let now = 0;
  return [...steps]
    .sort((a, b) => a[0] - b[0])
    .map(([ms, segment]) => {
      const delta = Math.max(0, ms - now);
      now = ms;
      return `+${delta.toFixed(4)} ${segment}`;
    })
    .join("\n");
};

/** When a port is used again, the numbers begin anew. */
let isn = 10_000;

export const opened = (ms: number, port: number): Step[] => {
  isn += 100_000;
  return [
    [ms, `c SYN port=${port} isn=${isn}`],
    [ms + 0.01, `s SYN ACK port=${port} isn=${isn + 50_000}`],
    [ms + 0.02, `c ACK port=${port}`],
  ];
};

/** A connection that the client closes first, `lasts` milliseconds after it began. */
export const closedByClient = (ms: number, port: number, lasts = 1): Step[] => [
  ...opened(ms, port),
  [ms + lasts, `c FIN ACK port=${port}`],
  [ms + lasts + 0.01, `s FIN ACK port=${port}`],
  [ms + lasts + 0.02, `c ACK port=${port}`],
];

export const closedByServer = (ms: number, port: number, lasts = 1): Step[] => [
  ...opened(ms, port),
  [ms + lasts, `s FIN ACK port=${port}`],
  [ms + lasts + 0.01, `c FIN ACK port=${port}`],
  [ms + lasts + 0.02, `s ACK port=${port}`],
];

/** The server closes, the client does not. */
export const leaked = (ms: number, port: number, lasts = 1000): Step[] => [
  ...opened(ms, port),
  [ms + lasts, `s FIN ACK port=${port}`],
  [ms + lasts + 0.01, `c ACK port=${port}`],
];

/** A sign of life on a connection, so that the capture goes on. */
export const later = (ms: number, port: number): Step => [ms, `s ACK port=${port}`];

/** `n` ports from `first` on, in an order that looks drawn by chance and is the same each time. */
export function shuffled(first: number, n: number): number[] {
  const ports = Array.from({ length: n }, (_, i) => first + i);
  let x = 12_345;
  for (let i = n - 1; i > 0; i--) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff;
    const j = (x >>> 8) % (i + 1);
    [ports[i], ports[j]] = [ports[j]!, ports[i]!];
  }
  return ports;
}
