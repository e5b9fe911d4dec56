// Does a bundle come onto a ticket whole and once, whatever fails on the way and however often it is run?

import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import { type Attachment, type AttachRequest, attachBundle } from "../../src/ticket/attach.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import { type FakeOptions, FakeTicket, madeUpBundle } from "./fake-tracker.ts";

const lines: string[] = [];
const run = (ticket: FakeTicket, change: Partial<AttachRequest> = {}): Promise<Attachment> => {
  lines.length = 0;
  return attachBundle(ticket, {
    bundle: madeUpBundle(),
    files: null,
    as: null,
    dryRun: false,
    told: (line) => lines.push(line),
    ...change,
  });
};
const fates = ({ files }: Attachment): Record<string, string> => Object.fromEntries(files.map((f) => [f.name, f.fate]));
const namesOn = (ticket: FakeTicket): string[] => ticket.files.map((f) => f.name).sort();
const FILES = ["evidence.pcapng", "report.html", "report.json"];
const OTHER_PAGE = madeUpBundle({}, "<p>another, longer</p>");
/** As many bytes as the first page has. */
const SAME_SIZE = madeUpBundle({}, "<p>two</p>");
const OTHER_INCIDENT = madeUpBundle({
  captures: [{ ...madeUpBundle().report.captures[0]!, first_time: "2026-03-02T08:00:00.000000000Z" }],
});

describe("once", () => {
  it("uploads what a reader looks at first, then says so in a comment", async () => {
    const ticket = new FakeTicket();
    const done = await run(ticket);
    expect(ticket.log).toEqual(["attach report.html", "attach evidence.pcapng", "attach report.json", "add comment"]);
    expect(done.comment).toEqual({ fate: "added", url: expect.stringContaining("#") });
    expect(new Set(Object.values(fates(done)))).toEqual(new Set(["uploaded"]));
    const { body } = ticket.comments[0]!;
    expect(body).toContain(`<!-- ${done.mark} -->`);
    for (const { name, url } of ticket.files) expect(body).toContain(`[${name}](${url})`);
    expect(lines).toContain("report.html: uploaded (10 bytes)");
  });

  it("attaches the files that are named, and none on demand", async () => {
    const pictures = new FakeTicket();
    await run(pictures, { files: ["report.html", "pictures"] });
    expect(namesOn(pictures)).toEqual(["report.html", "states.svg"]);
    const all = new FakeTicket();
    await run(all, { files: ["all"] });
    expect(all.files).toHaveLength(6);
    const named = new FakeTicket();
    await run(named, { files: ["evidence.pcapng", "pictures/states.svg"] });
    expect(namesOn(named)).toEqual(["evidence.pcapng", "states.svg"]);
    const none = new FakeTicket();
    await run(none, { files: ["none"] });
    expect(none.log).toEqual(["add comment"]);
    const zip = new FakeTicket();
    await run(zip, { files: ["zip"] });
    expect(namesOn(zip)).toEqual(["halfclose-bundle.zip"]);
    await expect(run(new FakeTicket(), { files: ["thesis.txt"] })).rejects.toThrow(UsageError);
  });
});

describe("again", () => {
  it.each<FakeOptions>([{}, { editsComments: false }, { removes: false }, { takesFiles: false }])(
    "writes nothing where nothing changed: %o",
    async (options) => {
      const ticket = new FakeTicket(options);
      await run(ticket);
      const done = await run(ticket.anew());
      expect(ticket.log).toEqual([]);
      expect(done.comment.fate).toBe("unchanged");
      expect(ticket.comments).toHaveLength(1);
    },
  );

  it("replaces a file that changed, and the comment, and leaves the others alone", async () => {
    const ticket = new FakeTicket();
    await run(ticket);
    const done = await run(ticket.anew(), { bundle: OTHER_PAGE });
    expect(ticket.log).toEqual(["attach report.html", "remove report.html", "edit comment"]);
    expect([done.comment.fate, done.removed]).toEqual(["updated", ["report.html"]]);
    expect(ticket.comments).toHaveLength(1);
    expect(namesOn(ticket)).toEqual(FILES);
    expect(ticket.comments[0]!.body).toContain(ticket.files.find((f) => f.name === "report.html")!.url);
  });

  it("sees a change that leaves the size as it was", async () => {
    const ticket = new FakeTicket();
    await run(ticket);
    await run(ticket.anew(), { bundle: SAME_SIZE });
    expect(ticket.log).toEqual(["attach report.html", "remove report.html", "edit comment"]);
    expect(new TextDecoder().decode(ticket.files.find((f) => f.name === "report.html")!.content)).toBe("<p>two</p>");
    expect((await run(ticket.anew(), { bundle: SAME_SIZE })).comment.fate).toBe("unchanged");
  });

  it("puts a new version beside the old one where nothing can be taken away", async () => {
    const ticket = new FakeTicket({ removes: false });
    await run(ticket);
    await run(ticket.anew(), { bundle: OTHER_PAGE });
    expect(ticket.log).toEqual(["attach report.html", "edit comment"]);
    expect(lines).toContain("report.html: its earlier version stays, this tracker takes none away");
    expect((await run(ticket.anew(), { bundle: OTHER_PAGE })).comment.fate).toBe("unchanged");
    expect(ticket.log).toEqual([]);
  });

  it("adds a comment where one cannot be changed, once", async () => {
    const ticket = new FakeTicket({ editsComments: false });
    await run(ticket);
    expect((await run(ticket.anew(), { bundle: OTHER_PAGE })).comment.fate).toBe("added");
    expect((await run(ticket.anew(), { bundle: OTHER_PAGE })).comment.fate).toBe("unchanged");
    expect(ticket.comments).toHaveLength(2);
  });

  it("adds none at each run where a tracker neither shows nor changes comments", async () => {
    const ticket = new FakeTicket({ editsComments: false, showsBodies: false });
    await run(ticket);
    expect((await run(ticket.anew())).comment.fate).toBe("unchanged");
    expect((await run(ticket.anew(), { bundle: OTHER_PAGE })).comment.fate).toBe("added");
  });

  it("knows a file again that the tracker took under another name", async () => {
    const ticket = new FakeTicket({ renames: ["report.html"], editsComments: false });
    await run(ticket);
    expect(lines).toContain("report.html: uploaded as report.html.zip (10 bytes)");
    const done = await run(ticket.anew());
    expect([done.comment.fate, fates(done)["report.html"], ticket.log]).toEqual(["unchanged", "kept", []]);
    expect((await run(ticket.anew(), { bundle: OTHER_PAGE })).comment.fate).toBe("added");
  });

  it("uploads anew what somebody took away, and links to it", async () => {
    const ticket = new FakeTicket();
    await run(ticket);
    ticket.files = ticket.files.filter((f) => f.name !== "evidence.pcapng");
    await run(ticket.anew());
    expect(ticket.log).toEqual(["attach evidence.pcapng", "edit comment"]);
    expect(ticket.comments[0]!.body).toContain(ticket.files.find((f) => f.name === "evidence.pcapng")!.url);
  });
});

describe("what is not ours", () => {
  it("stays: a file of the same name, and another incident's comment and files", async () => {
    const ticket = new FakeTicket();
    const theirs = { name: "report.html", bytes: 3, url: null, id: "theirs", content: new Uint8Array(3) };
    ticket.files.push(theirs);
    const first = await run(ticket);
    const second = await run(ticket.anew(), { bundle: OTHER_INCIDENT });
    expect(second.mark).not.toBe(first.mark);
    expect(ticket.log.filter((what) => what.startsWith("remove"))).toEqual([]);
    expect(ticket.comments).toHaveLength(2);
    // Each keeps its own, in any order.
    expect((await run(ticket.anew())).comment.fate).toBe("unchanged");
    expect((await run(ticket.anew(), { bundle: OTHER_INCIDENT })).comment.fate).toBe("unchanged");
    await run(ticket.anew(), { bundle: OTHER_PAGE });
    expect(ticket.files).toContain(theirs);
  });

  it("is told apart by a name as well", async () => {
    const ticket = new FakeTicket();
    await run(ticket, { as: "database" });
    await run(ticket, { as: "database-2" });
    await run(ticket, { as: "database" });
    expect(ticket.comments).toHaveLength(2);
  });
});

describe("a failure on the way", () => {
  const undisturbed = async (change: Partial<AttachRequest>[]): Promise<FakeTicket> => {
    const ticket = new FakeTicket();
    for (const c of change) await run(ticket.anew(), c);
    return ticket;
  };
  const contents = (ticket: FakeTicket): string[] =>
    ticket.files.map((f) => `${f.name} ${new TextDecoder().decode(f.content)}`).sort();

  it.each([
    ["the first run", []],
    ["an update", [{}]],
  ] as [string, Partial<AttachRequest>[]][])(
    "in %s, before or after any step: run again, it is as if nothing had been",
    async (_, before) => {
      const last = before.length === 0 ? {} : { bundle: OTHER_PAGE };
      const whole = await undisturbed([...before, last]);
      const steps = whole.log.length;
      expect(steps).toBeGreaterThan(2);
      for (let at = 0; at < steps; at++) {
        for (const done of [false, true]) {
          const ticket = new FakeTicket();
          for (const c of before) await run(ticket.anew(), c);
          const error = await run(ticket.anew({ at, done }), last).catch((e: unknown) => e);
          expect(error).toBeInstanceOf(TicketError);
          expect((error as TicketError).failure).toBe("unreachable");
          if (at > 0)
            expect((error as Error).message).toMatch(
              /until then: report\.html was uploaded.*the same command again goes on/,
            );
          await run(ticket.anew(), last);
          expect(contents(ticket), `step ${at}, ${done}`).toEqual(contents(whole));
          expect(ticket.comments).toHaveLength(1);
          for (const { name, url } of ticket.files) expect(ticket.comments[0]!.body).toContain(`[${name}](${url})`);
          expect((await run(ticket.anew(), last)).comment.fate).toBe("unchanged");
        }
      }
    },
  );

  it("ends the run where the account may not write, without a word of what was not done", async () => {
    const ticket = new FakeTicket().anew({ at: 0, done: false, failure: "credentials" });
    await expect(run(ticket)).rejects.toThrow(/did not answer \(attach report\.html\)$/);
  });
});

describe("a file that does not go", () => {
  it("is left out where it is too large, and the comment says so", async () => {
    const ticket = new FakeTicket({ limits: { fileBytes: 100, source: "asked" } });
    const done = await run(ticket);
    expect(fates(done)["report.json"]).toBe("left out");
    expect(namesOn(ticket)).toEqual(["evidence.pcapng", "report.html"]);
    expect(ticket.comments[0]!.body).toMatch(
      /Not attached[\s\S]*`report\.json`\\?: it has .*this tracker takes 100 bytes a file/,
    );
    expect((await run(ticket.anew())).comment.fate).toBe("unchanged");
  });

  it("is left out where it is refused, and the others go", async () => {
    const ticket = new FakeTicket({ refuses: ["evidence.pcapng"] });
    const done = await run(ticket);
    expect(done.files.find((f) => f.name === "evidence.pcapng")).toMatchObject({
      fate: "left out",
      because: "no evidence.pcapng here",
    });
    expect(ticket.comments[0]!.body).toContain("no evidence.pcapng here");
    expect((await run(ticket.anew())).comment.fate).toBe("unchanged");
  });

  it("is named for dragging in where the tracker takes none", async () => {
    const ticket = new FakeTicket({ takesFiles: false });
    const done = await run(ticket);
    expect(fates(done)).toEqual({ "report.html": "to drag in", "evidence.pcapng": "to drag in" });
    expect(ticket.log).toEqual(["add comment"]);
  });
});

describe("a dry run", () => {
  it("writes nothing, and shows all that a run would", async () => {
    const ticket = new FakeTicket();
    const done = await run(ticket, { dryRun: true });
    expect(ticket.log).toEqual([]);
    expect(done.comment.fate).toBe("would be added");
    expect(done.planned.map((p) => p.method)).toEqual(["POST", "POST", "POST", "POST"]);
    expect(done.planned.at(-1)!.body).toContain("Confidence: **high**");
    await run(ticket);
    const again = await run(ticket.anew(), { dryRun: true });
    expect([again.comment.fate, again.planned, ticket.log]).toEqual(["unchanged", [], []]);
    const update = await run(ticket.anew(), { dryRun: true, bundle: OTHER_PAGE });
    expect([update.comment.fate, update.removed, ticket.log]).toEqual(["would be updated", ["report.html"], []]);
    expect(update.planned.map((p) => `${p.method} ${p.url}`)).toEqual([
      "POST https://tickets.example.com/browse/OPS-1/files",
      "PUT https://tickets.example.com/browse/OPS-1/comments",
    ]);
  });
});
