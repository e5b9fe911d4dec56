// What does the page need of a picture? The finished drawing, the same in words, and where it belongs.

export type PictureKind = "ladder" | "states" | "topology" | "exchanges" | "ports";

export interface PagePicture {
  /** Unique in the report; letters, digits and dashes: it names a file of the bundle, too (`pictures/ID.svg`). */
  id: string;
  /** The id of the finding that it proves; null where it shows the whole capture. */
  finding: string | null;
  kind: PictureKind;
  /** One line. */
  title: string;
  /** What there is to see, in one to three sentences. */
  caption: string;
  /** A whole `svg` element as `svgElement` of diagram/ writes it: inert, without ids and `style` attributes. */
  svg: string;
  /** The same as text of a fixed width, lines ended by newlines: for those who cannot see it. */
  text: string;
  /** What was left out; null when nothing was. */
  note: string | null;
}
