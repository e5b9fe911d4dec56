// What becomes of a shared pass when something fails? node thread-errors.mjs DIST CAPTURE

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const [dist, capture] = process.argv.slice(2);
const { analyze } = await import(`${dist}/src/index.js`);
const { FlowThread } = await import(`${dist}/src/shares/flow-thread.js`);
const { SharedBuffers } = await import(`${dist}/src/shares/shared-buffers.js`);
const bytes = new Uint8Array(gunzipSync(readFileSync(capture)));

const expect = (name, is) => {
  if (!is) console.log(`${name}: is not so`);
};
const failure = async (promise) => promise.then(() => null).catch((error) => error);

/** Gives `give` bytes a time, and then what `atEnd` says. */
const source = (give, atEnd) => ({
  path: "trickle",
  size: undefined,
  open() {
    let at = 0;
    return {
      async read(into, offset, length) {
        await new Promise((resolve) => setImmediate(resolve));
        const count = Math.min(length, give, bytes.length - at);
        if (at > bytes.length / 2) return atEnd();
        into.set(bytes.subarray(at, at + count), offset);
        at += count;
        return count;
      },
      close() {},
    };
  },
});

// Reading fails half way: what was read is reported, as by one thread.
const broken = () => {
  throw new Error("the disk is gone");
};
const reports = [];
for (const workers of [1, 2, 4]) reports.push(JSON.stringify(await analyze([source(5000, broken)], { workers })));
expect(
  "half of a capture, by any number",
  reports.every((report) => report === reports[0]),
);
expect("the problem is told", reports[0].includes("the disk is gone"));

// The caller has enough, in the middle.
const controller = new AbortController();
const slow = source(3000, () => 0);
const reason = new Error("enough");
const aborted = analyze([slow], {
  workers: 3,
  signal: controller.signal,
  onProgress: (done) => done > bytes.length / 4 && controller.abort(reason),
});
expect("an abort ends it", (await failure(aborted)) === reason);
expect(
  "an abort before it begins",
  (await failure(analyze([bytes], { workers: 2, signal: AbortSignal.abort(reason) }))) === reason,
);

// A thread that cannot do what it is told says why, and nobody waits for it for ever.
const thread = (task) => new FlowThread(task, new SharedBuffers(), { watchCopies: false }, () => {});
const wrong = thread({ choices: { filter: "nonsense" }, key: null, owned: [] });
expect("a thread's error", (await failure(wrong.end(0)))?.name === "UsageError");
await wrong.stop();
const gone = thread({ choices: {}, key: null, owned: [] });
const left = gone.end(0);
await gone.stop();
const how = await failure(left);
expect("a thread that is gone", how === null || how.message.includes("before its work was done"));

// Nothing holds the process.
setTimeout(() => console.log("the process does not end"), 5000).unref();
