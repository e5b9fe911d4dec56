// How often may be counted? Every second, unless that takes too much of the time: then as often as its share allows.

const TICK_NS = 1e9;
/** Of one core's time. */
const SHARE = 0.1;
/** So many slow ones in a row: a single one may be the machine's doing. */
const PATIENCE = 3;
/** And so many quick ones, before it is done more often again. */
const TRUST = 10;

export class Cadence {
  everyNs = TICK_NS;
  private tooLong = 0;
  private shortEnough = 0;

  /** Counting took so long. True when it is done less often, or more often, from now on. */
  took(ms: number): boolean {
    const needed = Math.max(1, Math.ceil((ms * 1e6) / SHARE / TICK_NS)) * TICK_NS;
    this.tooLong = needed > this.everyNs ? this.tooLong + 1 : 0;
    this.shortEnough = needed < this.everyNs ? this.shortEnough + 1 : 0;
    if (this.tooLong < PATIENCE && this.shortEnough < TRUST) return false;
    this.everyNs = needed;
    this.tooLong = 0;
    this.shortEnough = 0;
    return true;
  }
}
