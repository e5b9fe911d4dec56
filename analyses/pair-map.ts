// What belongs to a pair of numbers (a client and a service, two hosts)? A map whose keys cost no text.

export class PairMap<T> {
  private readonly byFirst = new Map<number, Map<number, T>>();
  /** In order of first appearance. */
  readonly values: T[] = [];

  get(a: number, b: number): T | undefined {
    return this.byFirst.get(a)?.get(b);
  }

  /** A pair that is not there yet. */
  add(a: number, b: number, value: T): void {
    const others = this.byFirst.get(a);
    if (others === undefined) this.byFirst.set(a, new Map([[b, value]]));
    else others.set(b, value);
    this.values.push(value);
  }
}
