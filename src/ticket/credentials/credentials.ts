// Who are we to a tracker? From the environment, or from the configuration of the tools that people use anyway; never from arguments.

/** Headers that prove it. Their values are secrets: `Http` never shows them. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** Where they were found: "GITHUB_TOKEN", "~/.netrc". */
  readonly source: string;
}

/** The surroundings of the process; tests bring their own. */
export interface Settings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file below the home directory, as `.netrc`; null when there is none or it cannot be read. */
  homeFile(path: string): Promise<string | null>;
}
