// Does a bundle that came from anybody open, or say in one line why it does not?

import { connection } from "./grammar-captures.mjs";
import { mutate } from "./mutate.mjs";
import { Random } from "./random.mjs";
import { PROTOCOLS } from "./target-streams.mjs";
import { pcapOf } from "./target-whole.mjs";
import { joined } from "./writer.mjs";

/** As the product's own limits, but for the bytes: so much is made room for before a lie shows. */
const LIMITS = { entries: 1000, bytes: 4_000_000 };
const VALUES = [
  "null",
  "0",
  "-1",
  '""',
  "[]",
  "{}",
  "true",
  "1e999",
  '"\\u202e"',
  '"9999-99-99T99:99:99.000000000Z"',
  "[[]]",
];

export async function bundleTarget(dist) {
  const { unzipped, ZipError } = await import(`${dist}/src/ticket/bundle/unzip.js`);
  const { storedBundle, BundleError, isBundleFile, filesFor } = await import(
    `${dist}/src/ticket/bundle/stored-bundle.js`
  );
  const { summaryOf } = await import(`${dist}/src/ticket/summary-of.js`);
  const { markdownOf } = await import(`${dist}/src/ticket/markup/markdown.js`);
  const { zipped } = await import(`${dist}/src/zip.js`);
  const { investigate } = await import(`${dist}/src/index.js`);
  const { bundleOf } = await import(`${dist}/src/bundle.js`);

  const found = await investigate([pcapOf(example())]);
  const { files } = await bundleOf(found, { maxBytes: 1_000_000 }).finally(() => found.close());
  const [zip, json] = [
    zipped(files, null),
    new TextDecoder().decode(files.find((f) => f.name === "report.json").bytes),
  ];

  /** Unanswered requests: a report with findings. */
  function example() {
    const r = new Random(1, "bundle", 0);
    return Array.from({ length: 8 }, (_, i) =>
      connection(
        r,
        PROTOCOLS.http[2](r)
          .filter(([side]) => side === 0)
          .map(([side, bytes]) => ({ side, bytes })),
        i,
      ),
    ).flat();
  }

  function make(r) {
    const kind = r.int(3);
    if (kind === 0) return { zip: mutate(r, zip, () => zip) };
    if (kind === 1) {
      // The list of files, where the lengths are.
      const tail = zip.length - 600;
      return { zip: joined([zip.subarray(0, tail), mutate(r, zip.subarray(tail))]) };
    }
    return { json: r.oneIn(3) ? new TextDecoder().decode(mutate(r, new TextEncoder().encode(json))) : otherValues(r) };
  }

  function otherValues(r) {
    const spans = [...json.matchAll(/"[a-z_]+":\s*("(?:[^"\\]|\\.)*"|-?[\d.]+|null|true|false)/g)];
    let text = json;
    for (let n = 1 + r.small(3); n > 0; n--) {
      const value = r.pick(spans)[1];
      text = r.oneIn(2) ? text.replace(value, () => r.pick(VALUES)) : text.replaceAll(value, () => r.pick(VALUES));
    }
    return text;
  }

  function run({ zip: bytes, json: text }) {
    try {
      const of =
        bytes === undefined
          ? [
              { name: "report.json", bytes: new TextEncoder().encode(text) },
              ...files.filter((f) => f.name !== "report.json"),
            ]
          : unzipped(bytes, isBundleFile, LIMITS);
      const bundle = storedBundle("bundle.zip", of);
      filesFor(bundle, null, false);
      const facts = { files: [], leftOut: [], ladder: bundle.ladder, state: "0" };
      for (const block of summaryOf(bundle.report, facts)) markdownOf(block);
    } catch (error) {
      if (!(error instanceof ZipError || error instanceof BundleError)) throw error;
    }
  }

  return { name: "bundle", make, run, slowness: 3 };
}
