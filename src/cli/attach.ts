// halfclose attach: how does a bundle get onto the ticket?

import { Command, InvalidArgumentError } from "commander";
import { UsageError } from "../core/errors.ts";
import { inertJson, visible } from "../core/escape.ts";
import { wrap } from "../core/wrap.ts";
import type { Attachment } from "../ticket/attach.ts";
import type { Ticket, Tracker } from "../ticket/tracker.ts";
import { EXIT, type Io } from "./io.ts";
import { openOutput, writeAll } from "./output.ts";
import {
  attachTo,
  outcomeLine,
  realWorld,
  refuseUnredacted,
  say,
  type TicketWorld,
  targetOf,
  toDrag,
} from "./ticket.ts";

export const ATTACH_SCHEMA = "halfclose.attach/1";
/** A name, not a text. */
const MAX_NAME = 200;
/** Columns of `--list`. */
const WIDTH = 80;

interface Flags {
  to?: string;
  dryRun?: boolean;
  as?: string;
  files?: string[];
  yesUnredacted?: boolean;
  json?: boolean;
  list?: boolean;
}

const EXAMPLES = `
Examples:
  halfclose analyze incident.pcap --bundle ticket.zip
  halfclose attach ticket.zip --to https://jira.example.com/browse/OPS-123
  halfclose attach ticket.zip --to github:owner/repo#12 --dry-run
  halfclose attach ticket.zip --to rt:17 --files report.html,evidence.pcapng
  halfclose attach ticket.zip --to redmine:42 --as database --json
  halfclose attach --list

A summary becomes a comment, the files become attachments. Run again, it updates
its comment, uploads what changed, and goes on after a failure. Two incidents on
one ticket have a comment each: they are told apart by the captures, or by --as.
Credentials come from the environment or from what gh, glab, rt and curl have
(halfclose attach --list shows where), never from arguments. On ServiceNow it is
a work note, on Request Tracker a comment: those who asked are not sent a mail.

Exit codes: 0 done; 2 wrong usage; 3 the bundle cannot be read; 4 the ticket
could not be written: what was done until then is said, run it again to go on.`;

export function attachCommand(io: Io, done: (code: number) => void): Command {
  return attachCommandIn(io, done, () => realWorld(io));
}

/** `world`: asked for when it is needed. */
export function attachCommandIn(io: Io, done: (code: number) => void, world: () => Promise<TicketWorld>): Command {
  return new Command("attach")
    .description("put a bundle on a ticket: a summary as a comment, its files as attachments; again, to update it")
    .argument("[bundle]", "a folder or ZIP file that analyze --bundle wrote")
    .option("--to <ticket>", "an address from the browser, or short: jira:OPS-123, github:owner/repo#12, rt:17")
    .option("--dry-run", "show what would be sent; only look at the ticket, and without credentials not even that")
    .option("--as <name>", "name the incident: the comment of that name is updated (default: by the captures)", nameOf)
    .option(
      "--files <names>",
      "which files (a list with commas): names, or all, none, pictures, zip (all as one file)",
      names,
    )
    .option("--yes-unredacted", "attach a report that was made with --redact none")
    .option("--json", "say what was done as JSON")
    .option("--list", "list the trackers: how tickets are named, where credentials are looked for")
    .addHelpText("after", EXAMPLES)
    .action(async (bundle: string | undefined, flags: Flags) => {
      done(flags.list === true ? await list(flags, io) : await attach(bundle, flags, io, world));
    });
}

function nameOf(value: string): string {
  const name = value.trim();
  if (name === "" || name.length > MAX_NAME)
    throw new InvalidArgumentError(`It is a name of 1 to ${MAX_NAME} characters`);
  return name;
}

function names(value: string, before: readonly string[] = []): string[] {
  const named = value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (named.length === 0) throw new InvalidArgumentError("It names no file; --files none attaches none");
  return [...before, ...named];
}

async function attach(
  path: string | undefined,
  flags: Flags,
  io: Io,
  makeWorld: () => Promise<TicketWorld>,
): Promise<number> {
  if (path === undefined)
    throw new UsageError("no bundle was named; for example: halfclose attach ticket.zip --to jira:OPS-123");
  if (flags.to === undefined)
    throw new UsageError("name the ticket with --to; halfclose attach --list shows how tickets are named");
  const dryRun = flags.dryRun === true;
  const { readBundle } = await import("../ticket/bundle/read-bundle.ts");
  const bundle = await readBundle(path);
  if (!dryRun) refuseUnredacted(bundle.report, flags.yesUnredacted === true);
  const world = await makeWorld();
  const target = await targetOf(flags.to, world, "--to", dryRun);
  const { as = null, files = null } = flags;
  const { ticket, done } = await attachTo(target, world, { bundle, dryRun, as, files }, io);
  const drag = toDrag(done, target, ticket, path);
  if (drag !== null) say(io, drag);
  const told = flags.json === true ? `${asJson(ticket, done, dryRun)}\n` : inWords(ticket, done, dryRun);
  await writeAll([told], openOutput(undefined, io));
  return EXIT.ok;
}

function inWords(ticket: Ticket, done: Attachment, dryRun: boolean): string {
  const line = `${visible(outcomeLine(ticket, done))}\n`;
  if (!dryRun) return line;
  const requests = done.planned.map(({ method, url, body }) => {
    const lines = body.split("\n").map((text) => `  ${visible(text)}`.trimEnd());
    return `\n${visible(`${method} ${url}`)}\n${lines.join("\n")}\n`;
  });
  const removed = done.removed.map((name) => `\nThe earlier ${visible(name)} would be removed.\n`);
  return ["Nothing was sent. ", line, ...requests, ...removed].join("");
}

/** schema/attach.schema.json */
function asJson(ticket: Ticket, { mark, files, removed, comment, planned }: Attachment, dryRun: boolean): string {
  const { tracker, name } = ticket.place;
  const told = {
    schema: ATTACH_SCHEMA,
    tracker,
    ticket: { name, url: ticket.url },
    dry_run: dryRun,
    mark,
    comment: { outcome: comment.fate, url: comment.url },
    files: files.map(({ name: file, bytes, fate, because, url }) => ({
      name: file,
      bytes,
      outcome: fate,
      because,
      url,
    })),
    removed,
    ...(dryRun ? { planned } : {}),
  };
  return inertJson(JSON.stringify(told, null, 2));
}

async function list(flags: Flags, io: Io): Promise<number> {
  const { ALL_TRACKERS } = await import("../ticket/trackers.ts");
  const text =
    flags.json === true
      ? `${JSON.stringify(
          ALL_TRACKERS.map(({ id, title, examples, credentialSources }) => ({
            id,
            title,
            examples,
            credential_sources: credentialSources,
          })),
          null,
          2,
        )}\n`
      : ALL_TRACKERS.map(trackerLines).join("\n");
  await writeAll([text], openOutput(undefined, io));
  return EXIT.ok;
}

function trackerLines({ title, examples, credentialSources }: Tracker): string {
  const indented = (lead: string, text: string): string[] =>
    wrap(text, WIDTH - lead.length).map((line, i) => `${i === 0 ? lead : " ".repeat(lead.length)}${line}`);
  return [
    title,
    ...examples.flatMap((example) => indented("  ticket       ", example)),
    ...credentialSources.flatMap((source) => indented("  credentials  ", source)),
    "",
  ].join("\n");
}
