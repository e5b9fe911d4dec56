// What does a person say of the hosts on the command line? Options of every command whose answer depends on their timers.

import type { Command } from "commander";
import { toSeconds } from "../core/clock.ts";
import type { HostOptions } from "../core/host-options.ts";
import { HOST_SYSTEMS, type HostSettings, SYSTEM_DEFAULTS } from "../core/host-settings.ts";

export interface HostFlags {
  hostOs?: string;
  timeWait?: string;
  finTimeout?: string;
  portRange?: string;
  host?: string[];
}

/** `linux 60 s, windows 240 s, …`: so that the help never differs from what is computed. */
const defaults = (of: (settings: HostSettings) => string): string =>
  HOST_SYSTEMS.map((os) => `${os} ${of(SYSTEM_DEFAULTS[os])}`).join(", ");

export function addHostOptions(command: Command): Command {
  return command
    .option("--host-os <os>", `operating system of the hosts: ${HOST_SYSTEMS.join(", ")} (default: linux)`)
    .option("--time-wait <duration>", `how long TIME_WAIT lasts (${defaults((s) => `${toSeconds(s.timeWait)} s`)})`)
    .option(
      "--fin-timeout <duration>",
      `how long FIN_WAIT_2 lasts once the process has closed (${defaults((s) => `${toSeconds(s.finTimeout)} s`)})`,
    )
    .option("--port-range <range>", `ports given to clients (${defaults((s) => `${s.ports.first}-${s.ports.last}`)})`)
    .option(
      "--host <address=settings>",
      "one host, or a prefix, that differs (repeated): 10.0.0.5=windows, 10.0.0.0/8=linux,time-wait=30s; also fin-timeout=, port-range=",
      collect,
    );
}

export const hostOptions = ({ hostOs, timeWait, finTimeout, portRange, host }: HostFlags): HostOptions => ({
  ...(hostOs === undefined ? {} : { hostOs }),
  ...(timeWait === undefined ? {} : { timeWait }),
  ...(finTimeout === undefined ? {} : { finTimeout }),
  ...(portRange === undefined ? {} : { portRange }),
  ...(host === undefined ? {} : { hosts: host }),
});

/** Of an option that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];
