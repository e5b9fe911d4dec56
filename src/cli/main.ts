#!/usr/bin/env node
// Where does the command line begin? Nothing heavy is loaded before it is needed: `--version` reads one constant.

import { VERSION } from "../version.ts";

const first = process.argv[2];
if (process.argv.length === 3 && (first === "--version" || first === "-V")) {
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    // The reader has left: nobody wants to know.
    if (code === "EPIPE") return;
    process.stderr.write(`halfclose: standard output: cannot be written (${code})\n`);
    process.exitCode = 3;
  });
  process.stdout.write(`${VERSION}\n`);
} else {
  void import("./process.ts").then(({ runProcess }) => runProcess());
}
