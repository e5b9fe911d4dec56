// Into how many slices are flows cut? As many threads or machines may share them.

export const SLICES = 16;
