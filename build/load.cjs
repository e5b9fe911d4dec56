// How does the program load its chunks? As `require` does, but with the code that V8 made of them when the program was built.
//
// Copied beside the chunks as `load.js`. A code cache (`NAME.cache`, written by build/cache.mjs) is only ever a short cut: V8 refuses one
// of another version or of other flags, and what is damaged is not shown to it, for it does not look at that itself. Without one the
// chunk is compiled, as any file is. Nothing is written here.

"use strict";

const { isAscii } = require("node:buffer");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { constants, Script } = require("node:vm");

const PARAMETERS = "exports, require, __filename, later";
const DIGEST_BYTES = 32;

/** What a chunk exports, by its file's name. */
const exported = new Map();
/** By the same name: build/cache.mjs makes caches of these. */
const scripts = new Map();
/** ES modules of others, which `require` cannot load in every Node: {@link later} has loaded them. */
const packages = new Map();

/** What a chunk calls as `require`. */
function requireFrom(id) {
  if (id.startsWith("./")) return load(id.slice(2));
  return packages.get(id) ?? require(id);
}

/** The exports of a chunk, which runs the first time. */
function load(name) {
  const known = exported.get(name);
  if (known !== undefined) return known;
  const exports = {};
  exported.set(name, exports);
  const file = join(__dirname, name);
  const script = compile(file);
  scripts.set(name, script);
  script.runInThisContext()(exports, requireFrom, file, later);
  return exports;
}

/** The same where it needs ES modules of others. */
async function later(name, needed) {
  for (const id of needed) if (!packages.has(id)) packages.set(id, await import(id));
  return load(name);
}

function compile(file) {
  const source = readFileSync(file);
  // Letters of a byte each are taken as they are.
  const text = isAscii(source) ? source.latin1Slice() : source.utf8Slice();
  return new Script(`(function (${PARAMETERS}) {${text}\n})`, {
    filename: file,
    cachedData: cachedCode(file, source),
    // For npm's cap, which may be missing; in Node 21.0 to 21.6, which have no such constant, it always is.
    importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** undefined: there is none, or it is not for this source, not for this Node, or not whole. */
function cachedCode(file, source) {
  let cache;
  try {
    cache = readFileSync(file.replace(/\.js$/, ".cache"));
  } catch {
    return undefined;
  }
  const code = cache.subarray(DIGEST_BYTES);
  return digest(source, code).equals(cache.subarray(0, DIGEST_BYTES)) ? code : undefined;
}

/** Over what must be the same: the program and its parts that hold the code together, the source, every byte of the code. */
function digest(source, code) {
  const { createHash } = require("node:crypto");
  const node = JSON.stringify([process.versions, process.platform, process.arch]);
  return createHash("sha256").update(node).update(source).update(code).digest();
}

module.exports = { load, later, scripts, digest };
