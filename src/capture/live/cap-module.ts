// What does npm's cap offer? (its README, lib/Cap.js and src/binding.cc, version 0.2.1, which brings no types)

import { createRequire } from "node:module";

/** One open device. It emits "packet" with the bytes that are in the buffer given to `open`, and whether that was too small for all of them. */
export interface CapDevice {
  /**
   * Starts at once, promiscuous, with a snap length of 65,535. Answers the link type in words. Throws an Error with libpcap's words.
   * `bufferBytes`: the kernel's. Packets are put into `packet`, one at a time: it is to be copied before the listener returns.
   */
  open(device: string, filter: string, bufferBytes: number, packet: Uint8Array): string;
  close(): boolean;
  on(event: "packet", listener: (captured: number, truncated: boolean) => void): void;
}

export interface CapModule {
  readonly Cap: {
    new (): CapDevice;
    /** What libpcap lists (pcap_findalldevs(3)); needs no right on Linux. */
    deviceList(): { readonly name: string }[];
  };
}

/** Not known to the compiler: whoever has no libpcap to compile it with lives without it. */
const MODULE: string = "cap";

/** Throws what Node throws when it is not installed, not compiled, or compiled for another Node. */
export async function loadCap(): Promise<CapModule> {
  const loaded = (await import(MODULE)) as { default: CapModule };
  return loaded.default;
}

/** Of the devices that libpcap lists; null without cap. */
export async function capDeviceNames(): Promise<string[] | null> {
  try {
    return (await loadCap()).Cap.deviceList().map(({ name }) => name);
  } catch {
    return null;
  }
}

/** "npm cap 0.2.1", as its package says. */
export function capVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)(`${MODULE}/package.json`) as { version: string };
    return `npm cap ${version}`;
  } catch {
    return "npm cap";
  }
}

/** pcap_set_snaplen in its binding.cc; packets on the loopback may have 14 bytes more. */
export const CAP_SNAP_LENGTH = 65_535;
