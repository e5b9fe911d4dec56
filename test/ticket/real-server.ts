// How is a real tracker of Debian's started for a test, and spoken to beside halfclose? test/ticket/servers/*.sh does the work.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A cold start with a database of its own takes half a minute on two cores; a hanging one is a failure. */
export const START_MS = 300_000;

export interface RealServer extends AsyncDisposable {
  /** What the script said when it was ready. */
  readonly said: Readonly<Record<string, unknown>>;
  /** A line to the script, and its answer. */
  tell(line: string): Promise<Readonly<Record<string, unknown>>>;
}

export async function realServer(name: "redmine" | "request-tracker"): Promise<RealServer> {
  const script = fileURLToPath(new URL(`servers/${name}.sh`, import.meta.url));
  const child = spawn("bash", [script], { stdio: "pipe" });
  const complaints: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  const lines = createInterface({ input: child.stdout });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const next = (): Promise<Record<string, unknown>> =>
    nextLine(lines, child, () => Buffer.concat(complaints).toString());
  const said = await next();
  return {
    said,
    tell: (line) => {
      const answer = next();
      child.stdin.write(`${line}\n`);
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

function nextLine(
  lines: Interface,
  child: ChildProcessWithoutNullStreams,
  complaints: () => string,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGTERM");
      reject(new Error(`it said nothing: ${complaints()}`));
    }, START_MS);
    const failed = (): void => reject(new Error(complaints()));
    child.once("close", failed);
    lines.once("line", (line) => {
      clearTimeout(timer);
      child.off("close", failed);
      resolve(JSON.parse(line) as Record<string, unknown>);
    });
  });
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** What a reader sees of HTML, white space as one space, without the characters that part words. */
export const textOf = (html: string): string =>
  html
    .replace(/<[^>]*>/g, " ")
    .replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) =>
      name !== undefined
        ? (NAMED[name as string] ?? whole)
        : String.fromCodePoint(Number.parseInt(hex ?? decimal, hex ? 16 : 10)),
    )
    .replace(/\u200b/g, "")
    .replace(/\s+/g, " ");
