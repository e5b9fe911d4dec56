// Which statement does a prepared statement's name, or a portal's, stand for?
//
// Both are the client's to choose. Names that were made before the capture began are not known: the name stands for them.

/** Drivers keep some hundred per connection (pgjdbc 256). Beyond it, the one not used for longest is forgotten. */
const MAX_NAMES = 1024;
/** Characters of statements held per connection. */
const MAX_CHARACTERS = 1 << 20;

class Names {
  private readonly texts = new Map<string, string>();
  private characters = 0;

  set(name: string, text: string): void {
    this.delete(name);
    this.texts.set(name, text);
    this.characters += name.length + text.length;
    for (const oldest of this.texts.keys()) {
      if (this.texts.size <= MAX_NAMES && this.characters <= MAX_CHARACTERS) return;
      this.delete(oldest);
    }
  }

  get(name: string): string | null {
    const text = this.texts.get(name);
    if (text === undefined) return null;
    if (this.texts.size > MAX_NAMES / 2) {
      this.texts.delete(name);
      this.texts.set(name, text);
    }
    return text;
  }

  delete(name: string): void {
    const text = this.texts.get(name);
    if (text === undefined) return;
    this.texts.delete(name);
    this.characters -= name.length + text.length;
  }

  clear(): void {
    if (this.texts.size === 0) return;
    this.texts.clear();
    this.characters = 0;
  }
}

export class Statements {
  private readonly statements = new Names();
  private readonly portals = new Names();

  parsed(name: string, text: string): void {
    this.statements.set(name, text);
  }

  bound(portal: string, statement: string): string {
    const text = this.statement(statement);
    this.portals.set(portal, text);
    return text;
  }

  statement(name: string): string {
    return this.statements.get(name) ?? (name === "" ? "unnamed statement" : `statement ${name}`);
  }

  portal(name: string): string {
    return this.portals.get(name) ?? (name === "" ? "unnamed portal" : `portal ${name}`);
  }

  closed(kind: string, name: string): void {
    (kind === "S" ? this.statements : this.portals).delete(name);
  }

  /** A simple query takes the place of the unnamed statement and portal. */
  queried(): void {
    this.statements.delete("");
    this.portals.delete("");
  }

  /** Portals end with the transaction. */
  transactionEnded(): void {
    this.portals.clear();
  }

  /** Messages are missing: the unnamed ones, which change all the time, may mean something else by now. */
  gap(): void {
    this.queried();
    this.portals.clear();
  }
}
