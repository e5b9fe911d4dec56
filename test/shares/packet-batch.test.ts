// Do packets arrive as they were sent, and is no memory used again before whoever is slower has read it?

import { expect, it } from "vitest";
import { Packet } from "../../src/core/packet.ts";
import { BatchReader, BatchWriter, type PacketBatch } from "../../src/shares/packet-batch.ts";
import { SharedBuffers } from "../../src/shares/shared-buffers.ts";

const SIZE = 4096;
const TABLE = { watchCopies: true };

function packet(buf: Uint8Array, n: number): Packet {
  const p = new Packet();
  Object.assign(p, { buf, start: n % 1000, end: (n % 1000) + 60, origLen: 2 ** 31 - 1, time: n / 3 - 1e15 });
  return Object.assign(p, { file: n % 2, frame: 2 ** 32 - 1 - n, linkType: n % 3 === 0 ? -1 : 1, tap: n % 5 });
}

const facts = ({ buf, start, end, origLen, time, file, frame, linkType, tap }: Packet) =>
  ({ bytes: buf.slice(start, end), length: end - start, origLen, time, file, frame, linkType, tap }) as const;

it("brings every packet and its number, in more than one batch", () => {
  const buffers = new SharedBuffers();
  const buf = buffers.take(SIZE).fill(7);
  const sent: PacketBatch[] = [];
  const writer = new BatchWriter(buffers, TABLE, (batch) => sent.push(batch));
  const packets = Array.from({ length: 9000 }, (_, n) => packet(buf, n));
  for (const [n, p] of packets.entries()) writer.add(p, 2 ** 33 + 3 * n, n % 3 === 1);
  writer.flush(2 ** 34);
  expect(sent).toHaveLength(2);
  expect(sent.at(-1)).toMatchObject({ upTo: 2 ** 34, watchCopies: true });
  const reader = new BatchReader();
  const p = new Packet();
  let n = 0;
  for (const batch of sent) {
    reader.begin(batch);
    for (; reader.next(p); n++) {
      expect(reader.number).toBe(2 ** 33 + 3 * n);
      expect(reader.isOwn).toBe(n % 3 === 1);
      expect(facts(p)).toEqual(facts(packets[n]!));
    }
  }
  expect(n).toBe(packets.length);
});

it("keeps memory until every batch that needs it is done, however late", () => {
  const buffers = new SharedBuffers();
  const buf = buffers.take(SIZE);
  const writer = new BatchWriter(buffers, TABLE, () => {});
  writer.add(packet(buf, 1), 1, true);
  const first = new ArrayBuffer(8);
  writer.flush(1);
  writer.add(packet(buf, 2), 2, true);
  buffers.giveBack(buf);
  expect(buffers.take(SIZE)).not.toBe(buf);
  writer.flush(2);
  expect(writer.sent).toBe(2);
  writer.done(first);
  expect(buffers.take(SIZE)).not.toBe(buf);
  writer.done(first);
  expect(writer.sent).toBe(0);
  expect(buffers.take(SIZE)).toBe(buf);
});

it("shows a copy as it was, whatever became of the packet", () => {
  const buffers = new SharedBuffers();
  const buf = buffers.take(1 << 18).fill(7);
  const sent: PacketBatch[] = [];
  const writer = new BatchWriter(buffers, TABLE, (batch) => sent.push(batch));
  const large = Object.assign(packet(buf, 1), { start: 0, end: 1 << 18 });
  for (const number of [1, 2, 3]) writer.addCopy(large, number);
  buf.fill(9);
  writer.flush(3);
  // Two fill the memory of a batch.
  expect(sent.map(({ count, upTo }) => ({ count, upTo }))).toEqual([
    { count: 2, upTo: 2 },
    { count: 1, upTo: 3 },
  ]);
  const reader = new BatchReader();
  const p = new Packet();
  reader.begin(sent[0]!);
  while (reader.next(p)) expect(p.buf.subarray(p.start, p.end).every((byte) => byte === 7)).toBe(true);
});
