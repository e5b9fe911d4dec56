#!/usr/bin/env node
// Where does the command line begin? Nothing heavy is loaded before it is needed: `--version` reads one constant.

import { VERSION } from "../version.ts";

const first = process.argv[2];
if (process.argv.length === 3 && (first === "--version" || first === "-V")) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { runProcess } = await import("./process.ts");
  await runProcess();
}
