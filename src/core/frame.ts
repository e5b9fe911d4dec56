// Which packet is meant? The file it is in and Wireshark's frame.number within that file, packed into one number.

/** file × 2³² + frame number (1-based). 0 means "none". Exact up to two million files. */
export type FrameRef = number;

const FILE_UNIT = 4_294_967_296;

export const NO_FRAME: FrameRef = 0;
export const frameRef = (file: number, frame: number): FrameRef => file * FILE_UNIT + frame;
export const frameOf = (ref: FrameRef): number => ref % FILE_UNIT;
export const fileOf = (ref: FrameRef): number => Math.floor(ref / FILE_UNIT);
