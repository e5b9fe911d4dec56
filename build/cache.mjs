// What does V8 make of the program's chunks? Runs the program as users do most, and keeps that beside them, to be loaded instead of compiled.
//
//   node build/cache.mjs [DIST]    after build/bundle.mjs
//
// Only functions that ran are kept: those of a rare format or of a fault are compiled when they are needed. Each run begins with what
// the ones before it have left, so that the last one leaves all of it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

const ROOT = join(import.meta.dirname, "..");
const DIST = resolve(process.argv[2] ?? join(ROOT, "dist"));
const CHUNKS = join(DIST, "chunks");
const sample = (name) => join(ROOT, "samples", name, "capture.pcap.gz");
const folder = mkdtempSync(join(tmpdir(), "halfclose-cache-"));
const sick = join(folder, "sick.pcap");

/** As typed. What only one of them loads costs the others nothing; what all load holds what each of them ran. */
const RUNS = [
  ["analyze", sick],
  ["analyze", sample("healthy-pool"), "--format", "json"],
  ["analyze", sick, "--format", "html", "-o", join(folder, "page.html")],
  ["flows", sick],
  ["exchanges", sick],
  ["states", sick, "--at", "end"],
  ["sockets", join(ROOT, "samples/leaked-pool-dumps/dumps")],
  // What a thread runs is not kept from within it: a share is the same work.
  ["analyze", sick, "--shard", "1/2", "-o", join(folder, "first.share")],
  ["analyze", sick, "--workers", "2"],
];

try {
  writeFileSync(sick, gunzipSync(readFileSync(sample("leaked-pool"))));
  for (const file of readdirSync(CHUNKS)) if (file.endsWith(".cache")) rmSync(join(CHUNKS, file));
  for (const run of RUNS) {
    const keeping = [join(import.meta.dirname, "keep-code.cjs"), DIST, ...run];
    const { status, stderr } = spawnSync(process.execPath, keeping, {
      encoding: "utf8",
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    if (status === 0) continue;
    console.error(`cache: halfclose ${run.join(" ")} ended with ${status}: ${stderr}`);
    process.exitCode = 1;
    break;
  }
} finally {
  rmSync(folder, { recursive: true });
}
