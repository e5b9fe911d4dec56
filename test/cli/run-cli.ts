// Runs a command line as the program does, with streams and an environment of the test's own.

import { Writable } from "node:stream";
import { Interrupts } from "../../src/cli/interrupts.ts";
import type { Io, Out } from "../../src/cli/io.ts";
import { run } from "../../src/cli/run.ts";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export class Collector extends Writable {
  text = "";
  isTTY = false;
  columns = 80;
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

export interface Surroundings {
  stdout?: Out;
  stderr?: Collector;
  env?: Io["env"];
  interrupts?: Interrupts;
}

export async function runCli(argv: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  const stdout = surroundings.stdout ?? new Collector();
  const stderr = surroundings.stderr ?? new Collector();
  const code = await run(argv, {
    stdout,
    stderr,
    env: surroundings.env ?? { LANG: "C.UTF-8" },
    interrupts: surroundings.interrupts ?? new Interrupts(),
  });
  return { code, stdout: stdout instanceof Collector ? stdout.text : "", stderr: stderr.text };
}
