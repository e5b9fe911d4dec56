// What do the blocks of a pcapng file say that are not packets: sections, interfaces, drop counts, comments?

import type { CaptureSummary } from "./capture-summary.ts";
import { PcapngInterface } from "./pcapng-interface.ts";
import { Block, InterfaceField, Option, SectionField, StatisticsField, TRAILER } from "./pcapng-layout.ts";
import { eachOption, i64, optionText, u64 } from "./pcapng-options.ts";
import { u16, u32 } from "./record-reader.ts";

/** Interfaces of one section. An old packet block can name no more; a file with more is crafted. */
const MAX_INTERFACES = 65_536;

export interface BlockFault {
  code: string;
  text: string;
}

const BAD_OPTION: BlockFault = { code: "bad-option", text: "has an option that is longer than the block" };

const tooShort = (total: number, minimum: number): BlockFault => ({
  code: "block-length",
  text: `has ${total} bytes, its type needs ${minimum}`,
});

export class PcapngMetadata {
  /** Of the current section, by index. */
  readonly interfaces: PcapngInterface[] = [];
  readonly #summary: CaptureSummary;
  readonly #newTap: () => number;

  constructor(summary: CaptureSummary, newTap: () => number) {
    this.#summary = summary;
    this.#newTap = newTap;
  }

  /** Takes the block bytes[pos, pos + total). Returns why it cannot, if it cannot. */
  take(type: number, bytes: Uint8Array, pos: number, total: number, little: boolean): BlockFault | null {
    if (type === Block.sectionHeader) return this.#section(bytes, pos, total, little);
    if (type === Block.interfaceDescription) return this.#interface(bytes, pos, total, little);
    if (type === Block.interfaceStatistics) return this.#statistics(bytes, pos, total, little);
    return null;
  }

  #section(bytes: Uint8Array, pos: number, total: number, little: boolean): BlockFault | null {
    if (total < SectionField.minimum) return tooShort(total, SectionField.minimum);
    const major = u16(bytes, pos + SectionField.major, little);
    const minor = u16(bytes, pos + SectionField.minor, little);
    // 1.2 was written by mistake and means 1.0.
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      const text = `starts a section of pcapng version ${major}.${minor}; only 1.0 is known`;
      return { code: "unsupported-version", text };
    }
    this.interfaces.length = 0;
    const sane = eachOption(bytes, pos + SectionField.options, pos + total - TRAILER, little, (code, at, length) => {
      if (code === Option.comment) this.#summary.comment(optionText(bytes, at, length));
    });
    return sane ? null : BAD_OPTION;
  }

  #interface(bytes: Uint8Array, pos: number, total: number, little: boolean): BlockFault | null {
    if (total < InterfaceField.minimum) return tooShort(total, InterfaceField.minimum);
    if (this.interfaces.length === MAX_INTERFACES) {
      return { code: "too-many-interfaces", text: `describes more than ${MAX_INTERFACES} interfaces in one section` };
    }
    let name: string | null = null;
    let resolution: number | undefined;
    let offsetSeconds: bigint | undefined;
    const sane = eachOption(bytes, pos + InterfaceField.options, pos + total - TRAILER, little, (code, at, length) => {
      if (code === Option.comment) this.#summary.comment(optionText(bytes, at, length));
      else if (code === Option.interfaceName) name = optionText(bytes, at, length);
      else if (code === Option.timeResolution && length === 1) resolution = bytes[at];
      else if (code === Option.timeOffset && length === 8) offsetSeconds = i64(bytes, at, little);
    });
    if (!sane) return BAD_OPTION;
    const linkType = u16(bytes, pos + InterfaceField.linkType, little);
    const snapLength = u32(bytes, pos + InterfaceField.snapLength, little);
    const tap = this.#newTap();
    this.interfaces.push(new PcapngInterface(linkType, snapLength, tap, resolution, offsetSeconds));
    this.#summary.addInterface(tap, name, linkType, snapLength);
    return null;
  }

  #statistics(bytes: Uint8Array, pos: number, total: number, little: boolean): BlockFault | null {
    if (total < StatisticsField.minimum) return tooShort(total, StatisticsField.minimum);
    const tap = this.interfaces[u32(bytes, pos + StatisticsField.interface, little)];
    let received: number | undefined;
    let dropped: number | undefined;
    let droppedByOs: number | undefined;
    const sane = eachOption(bytes, pos + StatisticsField.options, pos + total - TRAILER, little, (code, at, length) => {
      if (code === Option.comment) this.#summary.comment(optionText(bytes, at, length));
      else if (length !== 8) return;
      else if (code === Option.received) received = u64(bytes, at, little);
      else if (code === Option.dropped) dropped = u64(bytes, at, little);
      else if (code === Option.droppedByOs) droppedByOs = u64(bytes, at, little);
    });
    if (!sane) return BAD_OPTION;
    if (tap === undefined) return null;
    if (received === undefined && dropped === undefined && droppedByOs === undefined) return null;
    // The counts run from the start of the capture, so that the last block of an interface replaces those before.
    const drops = (this.#summary.drops ??= { received: 0, interface: 0, os: 0 });
    drops.received += (received ?? tap.received) - tap.received;
    drops.interface += (dropped ?? tap.dropped) - tap.dropped;
    drops.os += (droppedByOs ?? tap.droppedByOs) - tap.droppedByOs;
    tap.received = received ?? tap.received;
    tap.dropped = dropped ?? tap.dropped;
    tap.droppedByOs = droppedByOs ?? tap.droppedByOs;
    return null;
  }
}
