// What does the process owe its shell? Exit code, signals, and silence when the reader of its output has left.

import { Interrupts } from "./interrupts.ts";
import { report, run } from "./run.ts";
import { standardOutput } from "./standard-output.ts";

export async function runProcess(): Promise<void> {
  const interrupts = new Interrupts();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupts.letCaptureEnd()) return;
      if (signal === "SIGINT" && interrupts.letPipeEnd()) return;
      interrupts.cleanUp();
      // The shell is to see that a signal ended it (exit status 128 + n), so the default action does that.
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  }
  const { stderr, env } = process;
  const stdout = standardOutput();
  const io = { stdout, stderr, env, interrupts };
  // A fault of the program outside of what it waits for: one line as for any other, and nothing left behind.
  process.on("uncaughtException", (error) => {
    interrupts.cleanUp();
    process.exit(report(error, io));
  });
  // A write to a pipe that nobody reads also fails as an event; the writer has met it as the result of its write.
  stdout.on("error", () => {});
  stderr.on("error", () => {});
  process.exitCode = await run(process.argv.slice(2), io);
  // What is still under way to a slow reader goes first. Nothing else is waited for: V8 may still be optimising what has run already.
  if (stdout.writableLength === 0 && stderr.writableLength === 0) process.exit();
}
