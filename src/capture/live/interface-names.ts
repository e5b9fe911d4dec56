// Which interfaces are there to capture on? By name alone, for messages; `halfclose interfaces` knows more of them.

import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { capDeviceNames } from "./cap-module.ts";

/** Those of this network namespace, loopback first; where no file lists them, those of libpcap, or those with an address. Never throws. */
export async function interfaceNames(): Promise<string[]> {
  try {
    const names = namesOfProcNetDev(await readFile("/proc/net/dev", "latin1"));
    return names.sort((a, b) => Number(b === "lo") - Number(a === "lo"));
  } catch {
    return (await capDeviceNames()) ?? Object.keys(networkInterfaces());
  }
}

/** proc_net_dev(5): two lines of headings, then a name and a colon on each line. */
export function namesOfProcNetDev(text: string): string[] {
  return text
    .split("\n")
    .slice(2)
    .map((line) => line.slice(0, Math.max(0, line.lastIndexOf(":"))).trim())
    .filter((name) => name !== "");
}
