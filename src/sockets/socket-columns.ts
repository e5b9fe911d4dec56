// How are a million sockets kept? In columns of numbers, a block of rows at a time; addresses and process names once each.

import { LISTED_STATES, type ListedEnd, type SocketRow, type SocketState } from "../core/socket-table.ts";
import { detached } from "./text-lines.ts";

/** Rows that are kept of all dumps together; further ones are counted by state. 50 bytes each, and their texts. */
export const MAX_ROWS = 4 << 20;
/** Rows of one block: a small dump takes one, and a large one is never copied to grow. */
const BLOCK_BITS = 12;
const BLOCK_ROWS = 1 << BLOCK_BITS;
const NONE = -1;

/** Texts by number. */
class Texts {
  private readonly numbers = new Map<string, number>();
  readonly list: string[] = [];

  number(text: string): number {
    let n = this.numbers.get(text);
    if (n === undefined) {
      const own = detached(text);
      n = this.list.length;
      this.list.push(own);
      this.numbers.set(own, n);
    }
    return n;
  }
}

class Block {
  readonly line = new Uint32Array(BLOCK_ROWS);
  readonly state = new Uint8Array(BLOCK_ROWS);
  readonly isCut = new Uint8Array(BLOCK_ROWS);
  readonly localAddress = new Uint32Array(BLOCK_ROWS);
  readonly remoteAddress = new Uint32Array(BLOCK_ROWS);
  /** 0: none. */
  readonly localPort = new Uint16Array(BLOCK_ROWS);
  readonly remotePort = new Uint16Array(BLOCK_ROWS);
  /** Doubles: a hostile text may say any number. */
  readonly recvQ = new Float64Array(BLOCK_ROWS).fill(NONE);
  readonly sendQ = new Float64Array(BLOCK_ROWS).fill(NONE);
  readonly pid = new Float64Array(BLOCK_ROWS).fill(NONE);
  readonly process = new Int32Array(BLOCK_ROWS).fill(NONE);
  readonly expiresIn = new Float32Array(BLOCK_ROWS).fill(NONE);
}

/** Ports, as a reader gives them: null for none. */
export type Port = number | null;

/** The rows of all dumps of one run. */
export class SocketColumns {
  private readonly blocks: Block[] = [];
  private readonly texts = new Texts();
  private readonly states = new Map(LISTED_STATES.map((state, n) => [state, n]));
  private readonly named: ((address: string) => string) | null;
  /** Numbers of the names that addresses go by. */
  private readonly names = new Map<string, number>();
  count = 0;

  /** `named`: by which names addresses and hosts go; null: by their own. */
  constructor(named: ((address: string) => string) | null = null) {
    this.named = named;
  }

  get isFull(): boolean {
    return this.count >= MAX_ROWS;
  }

  /** Adds a row; the caller has asked {@link isFull}. Returns its number. */
  add(line: number, state: SocketState, local: string, localPort: Port, remote: string, remotePort: Port): number {
    const row = this.count++;
    const i = row % BLOCK_ROWS;
    if (i === 0) this.blocks.push(new Block());
    const block = this.block(row);
    block.line[i] = line;
    block.state[i] = this.states.get(state)!;
    block.localAddress[i] = this.address(local);
    block.localPort[i] = localPort ?? 0;
    block.remoteAddress[i] = this.address(remote);
    block.remotePort[i] = remotePort ?? 0;
    return row;
  }

  private address(text: string): number {
    if (this.named === null) return this.texts.number(text);
    let n = this.names.get(text);
    if (n === undefined) {
      n = this.texts.number(this.named(text));
      this.names.set(detached(text), n);
    }
    return n;
  }

  /** Bytes, not negative. */
  setQueues(row: number, recv: number, send: number): void {
    const block = this.block(row);
    block.recvQ[row % BLOCK_ROWS] = recv;
    block.sendQ[row % BLOCK_ROWS] = send;
  }

  setOwner(row: number, pid: number | null, process: string | null): void {
    const block = this.block(row);
    block.pid[row % BLOCK_ROWS] = pid ?? NONE;
    block.process[row % BLOCK_ROWS] = process === null ? NONE : this.texts.number(process);
  }

  setCut(row: number): void {
    this.block(row).isCut[row % BLOCK_ROWS] = 1;
  }

  setExpiry(row: number, seconds: number): void {
    this.block(row).expiresIn[row % BLOCK_ROWS] = seconds;
  }

  /** One view, moved from row to row. */
  *rows(from: number, until: number): Iterable<SocketRow> {
    const view = new RowView(this.texts.list);
    for (let row = from; row < until; row++) {
      view.block = this.block(row);
      view.row = row % BLOCK_ROWS;
      yield view;
    }
  }

  private block(row: number): Block {
    return this.blocks[row >>> BLOCK_BITS]!;
  }
}

class EndView implements ListedEnd {
  private readonly of: RowView;
  private readonly isLocal: boolean;

  constructor(of: RowView, isLocal: boolean) {
    this.of = of;
    this.isLocal = isLocal;
  }

  get address(): string {
    const { block, row, texts } = this.of;
    return texts[(this.isLocal ? block.localAddress : block.remoteAddress)[row]!]!;
  }

  get port(): Port {
    const { block, row } = this.of;
    return (this.isLocal ? block.localPort : block.remotePort)[row]! || null;
  }
}

class RowView implements SocketRow {
  block!: Block;
  /** Within the block. */
  row = 0;
  readonly texts: readonly string[];
  readonly local: ListedEnd = new EndView(this, true);
  readonly remote: ListedEnd = new EndView(this, false);

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  get line(): number {
    return this.block.line[this.row]!;
  }

  get state(): SocketState {
    return LISTED_STATES[this.block.state[this.row]!]!;
  }

  get recvQ(): number | null {
    return orNull(this.block.recvQ[this.row]!);
  }

  get sendQ(): number | null {
    return orNull(this.block.sendQ[this.row]!);
  }

  get pid(): number | null {
    return orNull(this.block.pid[this.row]!);
  }

  get process(): string | null {
    const n = this.block.process[this.row]!;
    return n === NONE ? null : this.texts[n]!;
  }

  get isCut(): boolean {
    return this.block.isCut[this.row] === 1;
  }

  get expiresIn(): number | null {
    return orNull(this.block.expiresIn[this.row]!);
  }
}

const orNull = (n: number): number | null => (n === NONE ? null : n);
