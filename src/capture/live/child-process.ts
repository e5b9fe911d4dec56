// How is a program that captures run, read and ended?
//
// It runs in a session of its own: a Ctrl-C of the terminal does not reach it, so that the last packets are still read before it is
// asked to end. What it writes is read no faster than it is wanted: when the reader is slow the program waits, the kernel's buffer fills, and the
// kernel counts what it drops. Standard error is kept within bounds.

import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { streamOfReadable } from "../file-stream.ts";
import type { ByteStream, CaptureError } from "../source.ts";
import { BoundedLines } from "./bounded-lines.ts";
import { guard } from "./guard.ts";
import { kernelPipe } from "./kernel-pipe.ts";

/** tcpdump and dumpcap capture within 0.2 s (measured, idle machine); a machine under an incident's load may take long. */
const START_TIMEOUT_MS = 20_000;
/** After it was asked to end, so long without a byte from it means that it hangs. */
const STALL_MS = 5000;
/** So long for the last lines of one that has ended; they are in the pipe already. */
const LAST_LINES_MS = 1000;

export interface CommandLine {
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Of standard error, escaped. */
  readonly lines: readonly string[];
  /** It was asked to end. */
  readonly wanted: boolean;
}

export class CaptureProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #output: Readable;
  readonly #lines: BoundedLines;
  readonly #unlink: () => void;
  /** Packets wait so long in the kernel before the program is handed them; ended earlier, it would lose them. */
  readonly #settleMs: number;
  /** It is killed so long after it was asked to end, whatever it still writes. */
  readonly #limitMs: number;
  #stopping = false;
  #over = false;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    command: CommandLine,
    settleMs: number,
    onLine: (line: string) => void = () => {},
    limitMs = Number.POSITIVE_INFINITY,
  ) {
    this.#settleMs = settleMs;
    this.#limitMs = limitMs;
    const env = { ...process.env, ...command.env, LC_ALL: "C", LANGUAGE: "" };
    const pipe = kernelPipe();
    const [program, args] = pipe?.command(command.path, command.args) ?? [command.path, [...command.args]];
    const stdio = ["ignore", pipe === null ? "pipe" : "ignore", "pipe"] as const;
    const child = spawn(program, args, { stdio: [...stdio], detached: true, env }) as ChildProcess;
    this.#child = child;
    this.#output = pipe?.output ?? (child.stdout as Readable);
    this.#unlink = () => pipe?.unlink();
    this.#lines = new BoundedLines(onLine);
    const guarding = child.pid === undefined ? null : guard(child.pid);
    const stderr = child.stderr as Readable;
    stderr.on("data", (bytes: Uint8Array) => this.#lines.add(bytes));
    stderr.on("error", () => {});
    let exit: { code: number | null; signal: NodeJS.Signals | null } = { code: null, signal: null };
    this.ended = new Promise((resolve) => {
      const settle = (failure?: Error): void => {
        if (this.#over) return;
        this.#over = true;
        clearTimeout(this.#timer);
        guarding?.dismiss();
        this.#unlink();
        this.#lines.end();
        const lines = failure === undefined ? this.#lines.lines : [...this.#lines.lines, failure.message];
        resolve({ ...exit, lines, wanted: this.#stopping });
      };
      child.on("error", (error) => {
        // Also when a signal could not be sent; only without a process is it the end.
        if (child.pid === undefined) settle(error);
      });
      child.on("exit", (code, signal) => {
        exit = { code, signal };
        guarding?.dismiss();
        // Its last lines follow; a grandchild that holds the pipe open is not waited for.
        if (stderr.closed) settle();
        else stderr.once("close", () => settle());
        setTimeout(settle, LAST_LINES_MS).unref();
      });
    });
  }

  /** Whether it lives and can be sent a signal. */
  get running(): boolean {
    return !this.#over && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Waits for its first bytes, the header, which it writes when it captures. The answer is how it ended if it did so before; "silent"
   * when it neither writes nor ends, and was killed.
   */
  async begun(): Promise<"begun" | "silent" | Ended> {
    const output = this.#output;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<"silent">((resolve) => {
      timer = setTimeout(() => resolve("silent"), START_TIMEOUT_MS);
    });
    let onReadable = (): void => {};
    const readable = new Promise<"begun">((resolve) => {
      // Also called at the end, when there is nothing.
      onReadable = () => (output.readableLength > 0 ? resolve("begun") : undefined);
      output.on("readable", onReadable);
      output.on("error", () => {});
    });
    const outcome = await Promise.race([readable, this.ended, timeout]);
    clearTimeout(timer);
    output.off("readable", onReadable);
    this.#unlink();
    if (outcome === "silent") this.kill();
    if (outcome !== "begun") output.destroy();
    return outcome;
  }

  /** The bytes. At their end `judge` says whether that is a failure. */
  stream(path: string, judge: (ended: Ended) => CaptureError | null): ByteStream {
    const bytes = streamOfReadable(this.#output, path);
    return {
      read: async (into, offset, length) => {
        const count = await bytes.read(into, offset, length);
        this.#bytes += count;
        if (count > 0) return count;
        const failure = judge(await this.ended);
        if (failure !== null) throw failure;
        return 0;
      },
      close: () => {
        this.kill();
        return bytes.close();
      },
    };
  }

  /** Asks it to end, after what waits in the kernel has been handed to it. A second call kills it. */
  stop(): void {
    if (this.#over) return;
    if (this.#stopping) {
      this.kill();
      return;
    }
    this.#stopping = true;
    this.#timer = setTimeout(() => {
      this.#child.kill("SIGTERM");
      this.#killWhenStalled(this.#bytes, performance.now() + this.#limitMs);
    }, this.#settleMs);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  kill(): void {
    this.#stopping = true;
    this.signal("SIGKILL");
  }

  #killWhenStalled(before: number, limit: number): void {
    this.#timer = setTimeout(() => {
      const stalled = this.#bytes === before && this.#output.readableLength === 0;
      if (stalled || performance.now() >= limit) this.kill();
      else this.#killWhenStalled(this.#bytes, limit);
    }, STALL_MS);
  }
}
