// Which connections were asked for last? A redirected connection's SYN-ACK follows its SYN at once, on another 4-tuple: its other half
// is among them.
//
// SYNs are counted, those of other tables too (src/shares): what is found does not depend on how many tables share the flows.

/** Of the last so many SYNs of the capture, those that are this table's are known. */
export const SYN_REACH = 512;

export class RecentSyns {
  private flows = new Int32Array(SYN_REACH);
  /** The number of each SYN in the capture, from 1 on. */
  private numbers = new Float64Array(SYN_REACH);
  private count = 0;
  /** Of this table: where the next one goes. */
  private next = 0;

  /** This flow was asked for. */
  add(flow: number): void {
    this.count++;
    this.flows[this.next] = flow;
    this.numbers[this.next] = this.count;
    this.next = (this.next + 1) % SYN_REACH;
  }

  /** A SYN that is another table's. */
  passOver(): void {
    this.count++;
  }

  /** hot: which flow the `n`-th newest SYN asked for, from 0 on; -1 when it is too long ago. */
  newest(n: number): number {
    const at = (this.next - 1 - n + SYN_REACH) % SYN_REACH;
    const number = this.numbers[at]!;
    return n < SYN_REACH && number !== 0 && number > this.count - SYN_REACH ? this.flows[at]! : -1;
  }
}
