// How do 32-bit TCP sequence numbers compare? (RFC 9293 §3.4: all arithmetic is modulo 2³².)
//
// Sequence numbers are kept as signed 32-bit integers (`x | 0`), the form that engines store without a box.
// The difference of two of them, again as a signed integer, is right while they are less than 2³¹ apart.

/** a − b modulo 2³², as a signed integer: positive when a is later than b. */
export const seqDiff = (a: number, b: number): number => (a - b) | 0;

/** The sequence number n bytes after a. */
export const seqAdd = (a: number, n: number): number => (a + n) | 0;

/** The unsigned form, as Wireshark shows raw sequence numbers. */
export const seqUnsigned = (a: number): number => a >>> 0;
