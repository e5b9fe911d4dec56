// Which packet is meant? The file it is in and Wireshark's frame.number within that file, packed into one number.

/** file × 2³² + frame number (1-based). 0 means "none". Exact up to two million files. */
export type FrameRef = number;

const FILE_UNIT = 4_294_967_296;

export const NO_FRAME: FrameRef = 0;
export const frameRef = (file: number, frame: number): FrameRef => file * FILE_UNIT + frame;
export const frameOf = (ref: FrameRef): number => ref % FILE_UNIT;
export const fileOf = (ref: FrameRef): number => Math.floor(ref / FILE_UNIT);

/**
 * Whether one packet came before another: by number within one file, by time between two. Numbers of two files tell only in which order
 * the files were named.
 */
export const isBefore = (a: { frame: FrameRef; time: number }, b: { frame: FrameRef; time: number }): boolean =>
  fileOf(a.frame) === fileOf(b.frame) ? a.frame < b.frame : a.time < b.time;
