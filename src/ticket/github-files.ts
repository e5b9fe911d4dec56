// Which files does GitHub let a person drag into a comment, and how large may they be?
//
// docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/attaching-files, as of November 2026.

import { formatBytes } from "../core/format.ts";
import type { Block, Inline } from "./summary.ts";
import type { Attached } from "./tracker.ts";

/** Those that a bundle may hold, of the documented list; captures are not in it. */
const TAKEN = /\.(?:html?|md|json|txt|log|csv|svg|png|zip|gz|tgz)$/i;
/** On Enterprise Server these came with 3.19. */
const TAKEN_LATELY = /\.(?:html?|md)$/i;
const PICTURE = /\.(?:svg|png)$/i;
const MAX_BYTES = 25_000_000;
const MAX_PICTURE_BYTES = 10_000_000;

type NamedFile = Pick<Attached, "name" | "bytes">;

/** What the comment says of files that GitHub has no way to upload; nothing where there are none. */
export function draggedIn(files: readonly NamedFile[], enterpriseServer: boolean): Block[] {
  if (files.length === 0) return [];
  const fits = files.filter((f) => f.bytes <= (PICTURE.test(f.name) ? MAX_PICTURE_BYTES : MAX_BYTES));
  const as = fits.filter((f) => TAKEN.test(f.name));
  const zipped = fits.filter((f) => !TAKEN.test(f.name));
  const large = files.filter((f) => !fits.includes(f));
  const words: Inline[] = [text("Not attached, for GitHub has no way to upload files but by hand.")];
  if (as.length > 0) words.push(text(" Drag into a comment: "), ...named(as), text("."));
  if (zipped.length > 0) {
    const kinds = [...new Set(zipped.map((f) => /\.[^.]+$/.exec(f.name)?.[0] ?? "such files"))].join(", ");
    words.push(text(` In a ZIP file, as GitHub takes no ${kinds}: `), ...named(zipped), text("."));
  }
  if (large.length > 0)
    words.push(
      text(` Too large for GitHub (${formatBytes(MAX_BYTES)}; pictures ${formatBytes(MAX_PICTURE_BYTES)}): `),
      ...named(large),
      text("."),
    );
  if (enterpriseServer && as.some((f) => TAKEN_LATELY.test(f.name)))
    words.push(text(" Before Enterprise Server 3.19, .html and .md go into a ZIP file, too."));
  words.push(text(" What is dragged into a public repository, anybody can read."));
  return [{ kind: "paragraph", words }];
}

const text = (words: string): Inline => ({ kind: "text", text: words });

const named = (files: readonly NamedFile[]): Inline[] =>
  files.flatMap((f, i) => [
    ...(i === 0 ? [] : [text(", ")]),
    { kind: "code" as const, text: f.name },
    text(` (${formatBytes(f.bytes)})`),
  ]);
