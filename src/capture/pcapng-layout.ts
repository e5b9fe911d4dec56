// Where do the fields of a pcapng block lie? (draft-ietf-opsawg-pcapng; offsets from the start of the block)

export const Block = {
  sectionHeader: 0x0a0d0d0a,
  interfaceDescription: 1,
  oldPacket: 2,
  simplePacket: 3,
  interfaceStatistics: 5,
  enhancedPacket: 6,
  systemdJournal: 9,
  custom: 0xbad,
  customNotCopied: 0x4000_0bad,
  sysdigEvent: 0x204,
  sysdigEvent2: 0x216,
  sysdigEvent2Large: 0x221,
} as const;

/** Type, total length, and the total length again at the end. */
export const MIN_BLOCK = 12;
export const TRAILER = 4;

/** A packet's 262,144 bytes and options beyond any need. A longer block that must be held in memory is not read. */
export const MAX_BLOCK = 1 << 20;
/** Wireshark's limit for any block: 128 MiB and the largest packet of the other sort, rounded. */
export const MAX_SKIPPED_BLOCK = 134_348_832;

export const SectionField = { byteOrder: 8, major: 12, minor: 14, options: 24, minimum: 28 } as const;
export const InterfaceField = { linkType: 8, snapLength: 12, options: 16, minimum: 20 } as const;
export const EnhancedField = {
  interface: 8,
  high: 12,
  low: 16,
  captured: 20,
  original: 24,
  data: 28,
  minimum: 32,
} as const;
/** As the enhanced one, but the interface has 16 bits, followed by a drop count that nothing fills in. */
export const OldField = { interface: 8 } as const;
export const SimpleField = { original: 8, data: 12, minimum: 16 } as const;
export const StatisticsField = { interface: 8, options: 20, minimum: 24 } as const;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const Option = {
  end: 0,
  comment: 1,
  interfaceName: 2,
  timeResolution: 9,
  timeOffset: 14,
  received: 4,
  dropped: 5,
  droppedByOs: 7,
} as const;

/**
 * The shortest block of each type that tshark counts as a frame although it holds no packet (tried out with 4.0.17);
 * a shorter one is damage to it. All other types that are not read here it skips uncounted, whatever is in them.
 */
export const COUNTED_BLOCKS: ReadonlyMap<number, number> = new Map([
  [Block.systemdJournal, 35],
  [Block.custom, 16],
  [Block.customNotCopied, 16],
  [Block.sysdigEvent, 36],
  [Block.sysdigEvent2, 36],
  [Block.sysdigEvent2Large, 36],
]);

/** Blocks are padded to four bytes; a length that is not so padded is read as if it were, as Wireshark does. */
export const padded = (length: number): number => Math.ceil(length / 4) * 4;

/** Types whose blocks must lie in memory; the others are skipped. */
export function isRead(type: number): boolean {
  return (
    type === Block.enhancedPacket ||
    type === Block.simplePacket ||
    type === Block.oldPacket ||
    type === Block.interfaceDescription ||
    type === Block.interfaceStatistics ||
    type === Block.sectionHeader
  );
}
