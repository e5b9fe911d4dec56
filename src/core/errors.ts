// What did the caller ask for that cannot be done? One clear line; a command line tool ends with `exit`.

/** Wrong usage: an option's value that means nothing, an unknown analysis. */
export class UsageError extends Error {
  readonly exit = 2;

  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
