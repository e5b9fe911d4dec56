// What of d3-node do tests use? It brings no types of its own.

declare module "d3-node" {
  import type { Selection } from "d3-selection";

  export class D3Node {
    readonly window: { readonly DOMParser: typeof DOMParser };
    createSVG(): Selection<SVGSVGElement, unknown, null, undefined>;
  }
}
