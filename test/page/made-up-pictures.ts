// Pictures for the page, drawn by hand: small, one of each kind, one wider than any window.

import { type Canvas, svgElement } from "../../src/diagram/svg-document.ts";
import { fill } from "../../src/diagram/theme.ts";
import type { PagePicture, PictureKind } from "../../src/report/page-picture.ts";

export function madeUpPicture(kind: PictureKind, finding: string | null, width = 960, text = ""): PagePicture {
  const title = `A picture of ${kind}${text}`;
  const draw = (svg: Canvas) => {
    fill(svg.append("rect").attr("width", width).attr("height", 120), "paper");
    fill(svg.append("rect").attr("x", 40).attr("y", 40).attr("width", 200).attr("height", 40), "close_wait");
    fill(svg.append("text").attr("x", 40).attr("y", 20).attr("font-size", 12), "ink").text(`CLOSE_WAIT 130${text}`);
    return { width, height: 120 };
  };
  return {
    id: finding === null ? kind : `${kind}-${finding.replace(/\W+/g, "-")}`,
    finding,
    kind,
    title,
    caption: `There are 130 sockets in CLOSE_WAIT at the end.${text}`,
    svg: svgElement(title, "130 sockets in CLOSE_WAIT", draw),
    text: `04:25:46 ▁▂▃ 04:26:12${text}\nCLOSE_WAIT 130${text}\n`,
    note: kind === "ladder" ? `412 packets are only counted.${text}` : null,
  };
}

export const madeUpPictures = (text = ""): PagePicture[] => [
  madeUpPicture("states", null, 960, text),
  madeUpPicture("exchanges", null, 960, text),
  madeUpPicture("topology", null, 700, text),
  madeUpPicture("ladder", "unanswered-requests#1", 1600, text),
];
