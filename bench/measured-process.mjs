// What does one run of a program cost? Wall seconds, processor seconds (user and system, all threads) and peak memory of
// the whole process: from GNU time where it is installed, else by reading /proc until the process ends.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const TIME = "/usr/bin/time";
const hasTime = existsSync(TIME);
export const canMeasure = hasTime || existsSync("/proc/self/status");
const FORMAT = "\nMEASURED %U %S %M";
/** Between looks at /proc. The kernel keeps the peak itself, so only the growth of the last moment can be missed. */
const POLL_MS = 5;
const TICKS_PER_SECOND = 100;

/** `silent`: the output is not wanted. Rejects when the program fails. */
export function run(command, { silent = false } = {}) {
  const [program, ...args] = hasTime ? [TIME, "-f", FORMAT, ...command] : command;
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(program, args, { stdio: ["ignore", silent ? "ignore" : "pipe", "pipe"] });
    const polled = { cpu: 0, kilobytes: 0 };
    const poll = hasTime ? undefined : setInterval(() => look(child.pid, polled), POLL_MS);
    const output = [];
    const errors = [];
    child.stdout?.on("data", (piece) => output.push(piece));
    child.stderr.on("data", (piece) => errors.push(piece));
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(poll);
      const wall = Number(process.hrtime.bigint() - start) / 1e9;
      const said = Buffer.concat(errors).toString("latin1");
      if (code !== 0) return reject(new Error(`${command.join(" ")}: exit ${code}: ${said.slice(-500)}`));
      const measured = /MEASURED ([\d.]+) ([\d.]+) (\d+)/.exec(said);
      const cpu = measured ? Number(measured[1]) + Number(measured[2]) : polled.cpu;
      const kilobytes = measured ? Number(measured[3]) : polled.kilobytes;
      resolve({ wall, cpu, kilobytes, output: Buffer.concat(output).toString("latin1") });
    });
  });
}

function look(pid, polled) {
  try {
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    if (peak) polled.kilobytes = Number(peak[1]);
    // Behind the name in parentheses: user and system ticks are the 12th and 13th fields (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    polled.cpu = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    // It has ended.
  }
}
