// What do client and server both know of their connection?

import type { ExchangeSink } from "../src/core/stream-decoder.ts";
import type { Compression } from "./mysql-login.ts";
import { Statements } from "./mysql-statements.ts";

export class Talk {
  phase: "login" | "commands" = "login";
  /** The server's flags; null when its greeting was not captured. */
  offered: number | null = null;
  loginSeen = false;
  /** Behind the login everything is compressed by this. */
  compression: Compression | null = null;
  /** The database in use, as far as it is known. */
  database: string | null = null;
  readonly statements = new Statements();
  private readonly sink: ExchangeSink;

  constructor(sink: ExchangeSink) {
    this.sink = sink;
  }

  use(database: string): void {
    if (database === this.database) return;
    this.database = database;
    this.sink.label("database", database);
  }
}
