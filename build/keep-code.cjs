// One run of the program for build/cache.mjs: at its end, what V8 has made of each chunk that it loaded is written beside the chunk.
//
//   node build/keep-code.cjs DIST ARGUMENTS...

"use strict";

const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

/** Shorter ones are compiled sooner than a cache is read and looked at. */
const WORTH_BYTES = 4096;
const [node, , dist, ...args] = process.argv;
const chunks = join(dist, "chunks");
const main = join(dist, "src/cli/main.js");
const { digest, scripts } = require(join(chunks, "load.js"));

process.on("exit", () => {
  for (const [name, script] of scripts) {
    const source = readFileSync(join(chunks, name));
    if (source.length < WORTH_BYTES) continue;
    const code = script.createCachedData();
    writeFileSync(join(chunks, name.replace(/\.js$/, ".cache")), Buffer.concat([digest(source, code), code]));
  }
});
process.argv = [node, main, ...args];
require(main);
