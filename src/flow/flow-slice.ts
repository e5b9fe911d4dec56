// To which part of the work does a flow belong? Flows are cut into a fixed number of slices by their ports, and whatever has a limit over
// many flows has it in each slice: so results do not depend on how many threads or machines share the slices.

import { SLICES } from "../core/slices.ts";
import { mixed } from "./mixed.ts";

/**
 * hot: by the higher of the two ports, in either order. Both halves of a redirected connection have the client's port, nearly always
 * the highest of the three: they are in one slice.
 */
export function sliceOf(port: number, other: number): number {
  return mixed(port > other ? port : other) & (SLICES - 1);
}
