// What does a command of the system print? Bounded in time and in size; whatever goes wrong is said in one line, and nothing is thrown.

import { spawn } from "node:child_process";

/** Of a message on standard error, what is shown. */
const MAX_COMPLAINT = 200;
/** Where ss and netstat are when sudo or a service has a short PATH. */
const MORE_FOLDERS = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

export interface ListingLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export type Listing =
  /** `at`: milliseconds since 1970, when it began to print. isCut: there was more, which was not read. */
  | { readonly kind: "printed"; readonly text: string; readonly at: number; readonly isCut: boolean }
  /** missing: there is no such command here. refused: it ended with an error. slow: it was ended. */
  | { readonly kind: "missing" | "refused" | "slow"; readonly reason: string };

export function runListing(command: readonly string[], limits: ListingLimits): Promise<Listing> {
  const [name, ...args] = command as [string, ...string[]];
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let at = 0;
    let isCut = false;
    let complaint = "";
    const child = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"], env: environment(), windowsHide: true });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      // Children of its own might hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
      settle({ kind: "slow", reason: `${command.join(" ")} took more than ${limits.timeoutMs / 1000} s` });
    }, limits.timeoutMs);
    child.stdout.on("data", (piece: Buffer) => {
      if (isCut) return;
      if (bytes === 0) at = Date.now();
      pieces.push(piece);
      bytes += piece.length;
      if (bytes <= limits.maxBytes) return;
      isCut = true;
      child.kill("SIGKILL");
    });
    child.stderr.on("data", (piece: Buffer) => {
      if (complaint.length < MAX_COMPLAINT) complaint += piece.toString("utf8", 0, MAX_COMPLAINT);
    });
    const settle = (listing: Listing): void => {
      clearTimeout(timer);
      resolve(listing);
    };
    child.on("error", (error: NodeJS.ErrnoException) =>
      settle({
        kind: error.code === "ENOENT" ? "missing" : "refused",
        reason: error.code === "ENOENT" ? `no ${name} here` : `${name} cannot be run (${error.code ?? error.message})`,
      }),
    );
    child.on("close", (code, signal) => {
      if (isCut || code === 0) {
        const text = Buffer.concat(pieces).toString("utf8", 0, limits.maxBytes);
        settle({ kind: "printed", text: isCut ? wholeLines(text) : text, at: at === 0 ? Date.now() : at, isCut });
      } else {
        const said = complaint.split("\n")[0]!.slice(0, MAX_COMPLAINT).trim();
        const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
        settle({ kind: "refused", reason: `${command.join(" ")} failed (${said === "" ? how : said})` });
      }
    });
  });
}

/** In English, whatever the user's language. */
const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  LC_ALL: "C",
  ...(process.platform === "win32" ? {} : { PATH: [process.env.PATH ?? "", ...MORE_FOLDERS].join(":") }),
});

const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf("\n") + 1);
