// Has every real capture a bundle, whatever is wrong with it, and is its redacted slice analysed to what the slice as captured is?
//
//   npm run build && node test/corpus/bundles.mjs CORPUS
//
// Draws every picture in every form, with default redaction and strict, and holds the limits of a page (3 MB) and a bundle (10 MB).

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { analyze, bundleOf, drawableOf, extract, investigate } from "../../dist/src/index.js";
import { DIAGRAM_KINDS } from "../../dist/src/pictures/drawable.js";

const PAGE_BYTES = 3e6;
const BUNDLE_BYTES = 10e6;
const KEY = "corpus";

const corpus = process.argv[2];
if (corpus === undefined) {
  console.error("which corpus? node test/corpus/bundles.mjs ../shared/corpus");
  process.exit(2);
}
const files = readdirSync(join(corpus, "pcap"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();

const count = { files: 0, unreadable: 0, slices: 0, wrong: 0 };
const wrong = (file, what) => {
  count.wrong++;
  console.log(`${file}: ${what}`);
};
for (const file of files) {
  count.files++;
  try {
    for (const redact of ["default", "strict"]) await bundled(file, redact);
  } catch (error) {
    if (error.name === "CaptureError") count.unreadable++;
    else wrong(file, error.stack);
  }
}
console.log(
  `${count.files} captures bundled (${count.unreadable} cannot be read at all), ${count.slices} slices analysed again: ${count.wrong} wrong`,
);
process.exit(count.wrong === 0 ? 0 : 1);

async function bundled(file, redact) {
  const found = await investigate([file], { redact, redactKey: KEY });
  try {
    const { files: parts, bytes, evidence } = await bundleOf(found);
    const page = parts.find(({ name }) => name === "report.html").bytes.length;
    if (page > PAGE_BYTES) wrong(file, `its page has ${page} bytes`);
    if (bytes > BUNDLE_BYTES) wrong(file, `its bundle has ${bytes} bytes`);
    for (const kind of DIAGRAM_KINDS) await drawn(kind, found, {});
    if (found.view.flowCount > 0) await drawn("ladder", found, { flow: found.view.flowCount - 1 });
    if (evidence === null) return;
    count.slices++;
    const redacted = await analyze([evidence.bytes], { redact: "none" });
    if (redact === "default") await compare(file, evidence, redacted);
  } finally {
    await found.close();
  }
}

async function drawn(kind, found, target) {
  const picture = await drawableOf(kind, found, target);
  if ("because" in picture) return;
  picture.file();
  picture.text({ width: 80, unicode: false });
  picture.mermaid();
}

/** The same connections as captured, with the same limit. */
async function compare(file, evidence, redacted) {
  const asCaptured = await extract([file], { flows: evidence.flows, maxSize: BUNDLE_BYTES, redact: "none" });
  if (asCaptured.packets !== evidence.packets) return;
  const whole = await analyze([asCaptured.bytes], { redact: "default" });
  const [left, right] = [redacted, whole].map(findingsOf);
  if (left !== right) wrong(file, `its slice says ${left}, as captured ${right}`);
}

function findingsOf({ findings }) {
  return JSON.stringify(findings.map(({ id, severity, count: n, onset }) => [id, severity, n, onset]).sort());
}
