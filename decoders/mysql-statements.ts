// Which statement does a prepared statement's id stand for?
//
// The server chooses the ids. Those given before the capture began, or in what it lacks, are not known: the id stands for them.

/** Drivers keep some hundred per connection. Beyond it, the one not used for longest is forgotten. */
const MAX_IDS = 1024;
/** Characters of statements held per connection. */
const MAX_CHARACTERS = 1 << 20;
/** "The one prepared last" (MariaDB: executed before its id is known). */
const LAST = 0xffffffff;

export class Statements {
  private readonly texts = new Map<number, string>();
  private characters = 0;
  /** What was to be prepared last, whether it succeeded or not. */
  private latest: string | null = null;

  asked(text: string): void {
    this.latest = text;
  }

  prepared(id: number, text: string): void {
    this.closed(id);
    this.texts.set(id, text);
    this.characters += text.length;
    for (const oldest of this.texts.keys()) {
      if (this.texts.size <= MAX_IDS && this.characters <= MAX_CHARACTERS) return;
      this.closed(oldest);
    }
  }

  get(id: number): string {
    if (id === LAST && this.latest !== null) return this.latest;
    const text = this.texts.get(id);
    if (text === undefined) return `statement ${id}`;
    if (this.texts.size > MAX_IDS / 2) {
      this.texts.delete(id);
      this.texts.set(id, text);
    }
    return text;
  }

  closed(id: number): void {
    const text = this.texts.get(id);
    if (text === undefined) return;
    this.texts.delete(id);
    this.characters -= text.length;
  }

  clear(): void {
    if (this.texts.size > 0) this.texts.clear();
    this.characters = 0;
    this.latest = null;
  }
}
