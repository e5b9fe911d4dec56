// A set, in the order of adding, of which there are many that mostly hold one thing: that one needs no table.

export class SmallSet<T extends object> {
  private only: T | null = null;
  /** All of them, once there were two. */
  private all: Set<T> | null = null;

  get size(): number {
    return this.all?.size ?? (this.only === null ? 0 : 1);
  }

  get oldest(): T | null {
    return this.all === null ? this.only : (this.all.values().next().value ?? null);
  }

  add(item: T): void {
    if (this.all !== null) this.all.add(item);
    else if (this.only === null) this.only = item;
    else if (this.only !== item) {
      this.all = new Set([this.only, item]);
      this.only = null;
    }
  }

  has(item: T): boolean {
    return this.all === null ? this.only === item : this.all.has(item);
  }

  /** False when it was not there. */
  delete(item: T): boolean {
    if (this.all !== null) return this.all.delete(item);
    if (this.only !== item) return false;
    this.only = null;
    return true;
  }

  /** Those that are there now: `then` may take them out. */
  each(then: (item: T) => void): void {
    if (this.all !== null) for (const item of this.all) then(item);
    else if (this.only !== null) then(this.only);
  }

  every(is: (item: T) => boolean): boolean {
    if (this.all === null) return this.only === null || is(this.only);
    for (const item of this.all) if (!is(item)) return false;
    return true;
  }
}
