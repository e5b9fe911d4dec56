// What is there to say about one capture file, apart from its packets?

import type { Nanos } from "../core/clock.ts";
import { linkTypeName } from "./link-type-names.ts";

/** Something wrong with a capture file. */
export interface CaptureProblem {
  /** Kebab-case, stable. */
  code: string;
  /** Byte of the capture (after decompression) at which the record, block or header in question starts. */
  offset: number;
  /** One line, without the file's name, with the offset. */
  message: string;
  /** Nothing of this capture could be read. */
  fatal: boolean;
}

export interface CaptureInterface {
  /** `Packet.tap` of what this interface saw. */
  tap: number;
  /** As the file names it; null when it does not. */
  name: string | null;
  linkType: string;
  /** 0: no limit. */
  snapLength: number;
}

/** As the capturing machine counted them (pcapng interface statistics, the last ones of each interface, added up). */
export interface CaptureDrops {
  /** Received by the interfaces. */
  received: number;
  /** Dropped by the interfaces for want of resources. */
  interface: number;
  /** Dropped by the operating system. */
  os: number;
}

/** Kept of each list below; the rest is only counted. */
export const KEPT_PROBLEMS = 20;
export const KEPT_COMMENTS = 20;
export const KEPT_INTERFACES = 100;
/** Characters kept of a comment or an interface's name. */
export const KEPT_TEXT = 500;

/** What is said of a capture once it was read. */
export interface CaptureFacts {
  readonly path: string;
  readonly format: string;
  readonly packets: number;
  readonly truncatedBySnap: number;
  readonly linkTypes: readonly string[];
  readonly firstTime: Nanos | null;
  readonly lastTime: Nanos | null;
  readonly drops: CaptureDrops | null;
  readonly comments: readonly string[];
  readonly problems: readonly CaptureProblem[];
  readonly problemCount: number;
}

export class CaptureSummary implements CaptureFacts {
  readonly path: string;
  /** "pcap" or "pcapng", with the compression: "pcap.gz". Empty while it is not known. */
  format = "";
  /** Records delivered, non-packets (`linkType` −1) included: Wireshark's last frame number. */
  packets = 0;
  /** Records whose captured bytes are fewer than the packet had. */
  truncatedBySnap = 0;
  /** The largest snap length of its interfaces; 0 when one has no limit, null when none is known. */
  snapLength: number | null = null;
  readonly interfaces: CaptureInterface[] = [];
  interfaceCount = 0;
  drops: CaptureDrops | null = null;
  readonly comments: string[] = [];
  commentCount = 0;
  readonly problems: CaptureProblem[] = [];
  problemCount = 0;
  /** Written per record by the readers; read them as {@link firstTime} and {@link lastTime}. */
  earliest = Number.POSITIVE_INFINITY;
  latest = Number.NEGATIVE_INFINITY;
  readonly #linkTypes = new Set<number>();

  constructor(path: string) {
    this.path = path;
  }

  /** Time of the earliest and of the latest record; null when there is none. */
  get firstTime(): Nanos | null {
    return this.earliest <= this.latest ? this.earliest : null;
  }

  get lastTime(): Nanos | null {
    return this.earliest <= this.latest ? this.latest : null;
  }

  /** Names of the link types of its interfaces, in order of appearance. */
  get linkTypes(): string[] {
    return [...this.#linkTypes].map(linkTypeName);
  }

  /** Nothing of it could be read. */
  get failed(): boolean {
    return this.problems.some((problem) => problem.fatal);
  }

  problem(code: string, offset: number, message: string, fatal = false): void {
    this.problemCount++;
    // A fatal one must not be lost behind twenty others.
    if (this.problems.length < KEPT_PROBLEMS || fatal) this.problems.push({ code, offset, message, fatal });
  }

  comment(text: string): void {
    this.commentCount++;
    if (this.comments.length < KEPT_COMMENTS) this.comments.push(text.slice(0, KEPT_TEXT));
  }

  addInterface(tap: number, name: string | null, linkType: number, snapLength: number): void {
    this.interfaceCount++;
    this.#linkTypes.add(linkType);
    if (this.snapLength !== 0) {
      this.snapLength = snapLength === 0 ? 0 : Math.max(this.snapLength ?? 0, snapLength);
    }
    if (this.interfaces.length < KEPT_INTERFACES) {
      const shown = name === null ? null : name.slice(0, KEPT_TEXT);
      this.interfaces.push({ tap, name: shown, linkType: linkTypeName(linkType), snapLength });
    }
  }
}

/** Packets that the capturing machine dropped, wherever; null when the file does not say. */
export const droppedBy = ({ drops }: CaptureFacts): number | null =>
  drops === null ? null : drops.interface + drops.os;
