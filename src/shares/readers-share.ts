// Whose is a packet, where one thread reads for all? It keeps its own, sends those of others to them, and what is everybody's to all.

import type { Packet } from "../core/packet.ts";
import type { FlowTable } from "../flow/flow-table.ts";
import type { EventWriter } from "./event-writer.ts";
import type { FlowThread } from "./flow-thread.ts";
import { EVERYBODYS, PacketShare } from "./share.ts";

export interface Readers {
  readonly events: EventWriter;
  /** The thread of owner 1, of owner 2, and so on. */
  readonly others: readonly FlowThread[];
  /** Addresses are replaced in the packets: what several look at is copied before. */
  readonly isChanged: boolean;
}

export class ReadersShare extends PacketShare {
  private readonly owners: readonly number[];
  private readonly events: EventWriter;
  private readonly others: readonly FlowThread[];
  private readonly isChanged: boolean;

  /** `owners`: of each slice; 0 is whoever reads. */
  constructor(table: FlowTable, owners: readonly number[], { events, others, isChanged }: Readers) {
    const own = owners.map((owner) => owner === 0);
    super(table, own, true);
    this.owners = owners;
    this.events = events;
    this.others = others;
    this.isChanged = isChanged;
  }

  // hot:
  override isOthers(p: Packet): boolean {
    const { events } = this;
    events.nextPacket();
    const slice = this.plainSlice(p);
    this.isOwn = false;
    if (slice === EVERYBODYS) {
      this.sendAll(p, events.packets);
      return false;
    }
    const owner = this.owners[slice]!;
    this.isOwn = owner === 0;
    if (this.isOwn) return false;
    this.others[owner - 1]!.packets.add(p, events.packets, true);
    return true;
  }

  private sendAll(p: Packet, number: number): void {
    for (const { packets } of this.others) {
      if (this.isChanged) packets.addCopy(p, number);
      else packets.add(p, number, false);
    }
  }
}
