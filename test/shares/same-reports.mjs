// Do two, three and four threads of the built library say what one says? node same-reports.mjs DIST CAPTURE…

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Not everything has to be seen of every sample. */
const SOME = 4;

const [dist, ...captures] = process.argv.slice(2);
const { analyze } = await import(`${dist}/src/index.js`);

const report = async (inputs, options) => JSON.stringify(await analyze(inputs, { detail: true, ...options }));
const strict = { redact: "strict", redactKey: "a key of the team" };

async function compare(name, inputs, options, workers) {
  const alone = await report(inputs, options);
  for (const count of workers)
    if ((await report(inputs, { ...options, workers: count })) !== alone)
      console.log(`${name}: ${count} threads and one differ (${JSON.stringify(options)})`);
}

for (const capture of captures) await compare(capture, [capture], {}, [2, 4]);
for (const capture of captures.slice(0, SOME)) {
  await compare(capture, [capture], strict, [2]);
  // Bytes, which are no file; and all packets twice, as two captures of which one is merged into the other.
  const bytes = new Uint8Array(capture.endsWith(".gz") ? gunzipSync(readFileSync(capture)) : readFileSync(capture));
  await compare(`bytes of ${capture}`, [bytes, bytes.slice()], {}, [3]);
}
const several = captures.slice(0, SOME);
await compare("several", several, {}, [2, 4]);
await compare("several, a part of them", several, { from: "+1s", to: "+5s", filter: "port 8280" }, [2]);
