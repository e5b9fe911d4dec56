// Does a report come onto a ServiceNow record whole, once, and where only colleagues see it?

import { unzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attachBundle } from "../../src/ticket/attach.ts";
import { servicenow } from "../../src/ticket/servicenow.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import type { Ticket, TicketFile } from "../../src/ticket/tracker.ts";
import { madeUpBundle } from "./fake-tracker.ts";
import { AUTHORIZATION, failure, INCIDENT, Instance } from "./servicenow-instance.ts";
import {
  brokenServer,
  cutBefore,
  huge,
  pageInstead,
  redirect,
  type TrackerServer,
  tooMany,
  trackerServer,
} from "./tracker-server.ts";

const MARK = "halfclose-0123456789abcdef";
const SETTINGS = { env: {}, homeFile: async () => null };
const BLOCKS: Block[] = [
  { kind: "heading", text: "What happened" },
  {
    kind: "paragraph",
    words: [
      { kind: "text", text: "orders stopped answering" },
      { kind: "text", text: "; see " },
      { kind: "file", name: "report.html" },
    ],
  },
];

const file = (name: string, text: string, type = "text/html"): TicketFile => ({
  name,
  type,
  bytes: new TextEncoder().encode(text),
});

let instance: Instance;
let server: TrackerServer;

beforeEach(async () => {
  instance = new Instance();
  server = await trackerServer(instance.script);
});
afterEach(async () => {
  expect(server.problems).toEqual([]);
  await server.close();
});

async function ticket(text = `${server.url}/incident.do?sys_id=${INCIDENT}`): Promise<Ticket> {
  const place = servicenow.recognise(text, { ...SETTINGS, env: { SERVICENOW_URL: server.url } })!;
  const credentials = { headers: { Authorization: AUTHORIZATION }, source: "SERVICENOW_USER" };
  return servicenow.open(place, credentials, server.http(credentials.headers));
}

const note = (t: Ticket, blocks = BLOCKS): string =>
  t.written(blocks, MARK, [], { fileBytes: null, commentCharacters: null, source: "documented" });

/** One run of `attach`, as it goes. */
async function run(files: TicketFile[], blocks = BLOCKS): Promise<void> {
  const t = await ticket();
  const there = await t.attached(files.map((f) => f.name));
  for (const f of files) if (!there.some((a) => a.name === f.name && a.bytes === f.bytes.length)) await t.attach(f);
  const before = await t.ownComment(MARK);
  await t.comment(note(t, blocks), before);
}

describe("the record", () => {
  it("is found by its number, and called by it", async () => {
    for (const text of [
      "servicenow:INC0010023",
      "servicenow:task/INC0010023",
      `${server.url}/task.do?sys_id=${INCIDENT}`,
    ]) {
      const t = await ticket(text);
      await t.attach(file("a.txt", text, "text/plain"));
      expect(t.place.name).toBe("INC0010023");
      expect(t.url).toBe(`${server.url}/nav_to.do?uri=incident.do%3Fsys_id%3D${INCIDENT}`);
      expect(server.requests.at(-1)?.query.get("table_name")).toBe("incident");
    }
  });

  it("that is not there is said to be not there, for this account", async () => {
    await expect((await ticket("servicenow:INC0099999")).attached([])).rejects.toMatchObject({
      failure: "no-ticket",
      message: expect.stringContaining("INC0099999"),
    });
    const elsewhere = await ticket(`${server.url}/incident.do?sys_id=${"0".repeat(32)}`);
    await expect(elsewhere.attached([])).rejects.toMatchObject({ failure: "no-ticket" });
  });

  it("is not taken from a row that was not asked for", async () => {
    // A query that is not understood is answered with any rows.
    server.next({ json: { result: [{ sys_id: INCIDENT, number: "INC0000001" }] } });
    await expect((await ticket("servicenow:INC0010023")).attached([])).rejects.toMatchObject({ failure: "no-ticket" });
    const files = { json: { result: [{ sys_id: "a", table_sys_id: "b", file_name: "report.html", size_bytes: "1" }] } };
    const notes = (t: Ticket) => ({
      json: { result: [{ sys_id: "a", element_id: "b", element: "work_notes", value: note(t) }] },
    });
    const t = await ticket();
    await t.attached([]);
    server.next(files);
    expect(await t.attached(["report.html"])).toEqual([]);
    server.next(notes(t));
    expect(await t.ownComment(MARK)).toBeNull();
    server.next({ json: { result: [1, 2].map((n) => ({ sys_id: `${n}`, number: "INC0010023" })) } });
    await expect((await ticket("servicenow:INC0010023")).attached([])).rejects.toThrow("more than one");
  });

  it("has an address for people", async () => {
    expect((await ticket()).url).toBe(`${server.url}/nav_to.do?uri=incident.do%3Fsys_id%3D${INCIDENT}`);
    expect((await ticket("servicenow:XYZ0001234")).url).toBe(
      `${server.url}/nav_to.do?uri=task.do%3Fsysparm_query%3Dnumber%3DXYZ0001234`,
    );
  });
});

describe("files", () => {
  it("are stored to the byte, with their type, and found again on any page", async () => {
    const t = await ticket();
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i * 7);
    const stored = await t.attach({ name: "evidence & more.pcapng", type: "application/octet-stream", bytes });
    expect(instance.files[0]).toMatchObject({
      file_name: "evidence & more.pcapng",
      content_type: "application/octet-stream",
    });
    expect(Buffer.from(instance.files[0]!.bytes).equals(bytes)).toBe(true);
    expect(stored).toEqual({
      name: "evidence & more.pcapng",
      bytes: 70_000,
      id: instance.files[0]!.sys_id,
      url: `${server.url}/sys_attachment.do?sys_id=${instance.files[0]!.sys_id}`,
    });
    for (let n = 0; n < 2500; n++)
      instance.files.unshift({
        sys_id: instance.newId(),
        file_name: `${n}.txt`,
        content_type: "text/plain",
        bytes: new Uint8Array(n),
      });
    for (const links of [true, false]) {
      instance.links = links;
      const found = await t.attached(["evidence & more.pcapng", "7.txt"]);
      expect(found.map((f) => [f.name, f.bytes])).toEqual([
        ["7.txt", 7],
        ["evidence & more.pcapng", 70_000],
      ]);
    }
  });

  it("are removed, unless the account may not", async () => {
    const t = await ticket();
    const stored = await t.attach(file("report.html", "one"));
    instance.access.deleteFiles = false;
    expect(await t.remove(stored)).toBe(false);
    instance.access.deleteFiles = true;
    expect(await t.remove(stored)).toBe(true);
    expect(await t.remove(stored)).toBe(true);
    expect(instance.files).toEqual([]);
  });

  it("of a kind that the instance does not take go into a ZIP file, once, and the note says so", async () => {
    instance.access.extensions = ["zip", "txt"];
    const t = await ticket();
    const stored = await t.attach(file("report.html", "<p>one"));
    expect(stored.name).toMatch(/^report-html-[0-9a-f]{12}\.zip$/);
    expect(await (await ticket()).attach(file("report.html", "<p>one"))).toEqual(stored);
    expect(instance.files.map((f) => f.content_type)).toEqual(["application/zip"]);
    expect(new TextDecoder().decode(unzipSync(instance.files[0]!.bytes)["report.html"])).toBe("<p>one");
    expect(t.written(BLOCKS, MARK, [stored], await t.limits())).toContain(
      `report.html (within ${stored.name}, for this instance does not take it as it is: ${stored.url} )`,
    );
  });

  it("that are taken in no form are refused with the instance's own words", async () => {
    instance.access.extensions = ["txt"];
    const error: unknown = await (await ticket()).attach(file("report.html", "x")).catch((e) => e);
    expect(error).toMatchObject({ failure: "refused", message: expect.stringContaining("File type is not allowed") });
    expect(instance.files).toEqual([]);
  });

  it("are tried again in a ZIP file by the next run, where the instance was out of order", async () => {
    instance.access.extensions = ["zip"];
    const t = await ticket();
    await t.attached([]);
    server.next(
      failure(400, "Failed to create the attachment", "File type is not allowed"),
      { json: { result: [] } },
      brokenServer,
    );
    await expect(t.attach(file("report.html", "x"))).rejects.toMatchObject({ failure: "unreachable" });
    expect((await t.attach(file("report.html", "x"))).name).toMatch(/\.zip$/);
  });

  it("too large, or of an account without the right, are not put into a ZIP file", async () => {
    for (const [reply, kind] of [
      [failure(413, "Request Entity Too Large", "larger than 1024 MB"), "refused"],
      [failure(403, "Operation Failed", "ACL Exception Insert Failed due to security constraints"), "credentials"],
    ] as const) {
      const t = await ticket();
      await t.attached([]);
      server.next(reply);
      const before = server.requests.length;
      await expect(t.attach(file("report.html", "x"))).rejects.toMatchObject({ failure: kind });
      expect(server.requests.length).toBe(before + 1);
    }
  });

  it("that arrive short are not taken for whole", async () => {
    const t = await ticket();
    await t.attached([]);
    server.next({ status: 201, json: { result: { sys_id: "a", size_bytes: "2" } } });
    await expect(t.attach(file("report.html", "three"))).rejects.toThrow("stored 2 bytes of the 5");
  });

  it("may be as large as the instance says, or as is documented", async () => {
    const t = await ticket();
    expect(await t.limits()).toEqual({ fileBytes: 1024 * 1_048_576, commentCharacters: null, source: "documented" });
    instance.access.properties = true;
    expect((await t.limits()).source).toBe("documented");
    instance.maxSize = "24";
    expect(await t.limits()).toMatchObject({ fileBytes: 24 * 1_048_576, source: "asked" });
  });
});

describe("the work note", () => {
  it("is added once, however often and by whomever the report is attached", async () => {
    const files = [file("report.html", "<p>"), file("evidence.pcapng", "x", "application/octet-stream")];
    await run(files);
    await run(files);
    expect(instance.notes).toHaveLength(1);
    expect(instance.files).toHaveLength(2);
    expect(instance.notes[0]!.value).toMatch(
      /^Packet capture report halfclose-0123456789abcdef \([0-9a-f]{8}\)\n\nWhat happened\norders/,
    );
  });

  it("that changed is added, and says that it replaces the earlier; the newest counts", async () => {
    const changed: Block[] = [...BLOCKS, { kind: "paragraph", words: [{ kind: "text", text: "and again" }] }];
    await run([]);
    await run([], changed);
    await run([], changed);
    expect(instance.notes).toHaveLength(2);
    expect(instance.notes[1]!.value).toMatch(
      /^Packet capture report \S+ \([0-9a-f]{8}\); it replaces the earlier note\n/,
    );
    const t = await ticket();
    expect((await t.ownComment(MARK))?.body).toBe(note(t, changed));
    await run([], BLOCKS);
    expect(instance.notes).toHaveLength(3);
  });

  it.each(["none", "refused"] as const)(
    "is found in the record where the journal's table is shown to administrators only (%s)",
    async (journal) => {
      instance.access.journal = journal;
      await run([]);
      instance.notes.push({ sys_id: instance.newId(), value: "Somebody wrote this later.\n\nWith an empty line." });
      await run([]);
      expect(instance.notes).toHaveLength(2);
      const t = await ticket();
      expect((await t.ownComment(MARK))?.body).toBe(note(t));
      expect(await t.ownComment("halfclose-fedcba9876543210")).toBeNull();
    },
  );

  it("is found behind many others", async () => {
    await run([]);
    for (let n = 0; n < 120; n++)
      instance.notes.push({ sys_id: instance.newId(), value: `they speak of ${MARK}, too` });
    await run([]);
    expect(instance.notes).toHaveLength(121);
  });

  it("is known again where the instance changes line ends and drops characters", async () => {
    instance.storing = (text) => text.replace(/\n/g, "\r\n").replace(/\u200b/g, "");
    const hostile: Block[] = [{ kind: "paragraph", words: [{ kind: "text", text: "@ann https://evil.example/" }] }];
    await run([], hostile);
    await run([], hostile);
    expect(instance.notes).toHaveLength(1);
  });

  it("is not written where nobody can tell whether it is there", async () => {
    instance.access.journal = "none";
    instance.access.readNotes = false;
    await expect(run([])).rejects.toMatchObject({
      failure: "credentials",
      message: expect.stringContaining("may not read the work notes of INC0010023"),
    });
    expect(instance.notes).toEqual([]);
  });

  it("that is left out without a word is missed", async () => {
    instance.access.writeNotes = false;
    await expect(run([])).rejects.toMatchObject({
      failure: "credentials",
      message: expect.stringContaining("did not keep it"),
    });
  });

  it("is not sent twice when its answer is lost, and found by the next run", async () => {
    const t = await ticket();
    await t.ownComment(MARK);
    server.next(cutBefore);
    await expect(t.comment(note(t), null)).rejects.toMatchObject({ failure: "unreachable" });
    expect(server.requests.filter((r) => r.method === "PATCH")).toHaveLength(1);
  });
});

describe("a bundle", () => {
  const attach = async (page = "<p>one</p>", as: string | null = null) =>
    attachBundle(await ticket(), { bundle: madeUpBundle({}, page), files: null, as, dryRun: false, told: () => {} });
  const pages = () => instance.files.map((f) => f.file_name).filter((name) => name.startsWith("report-html"));

  it("comes onto the record once, and a changed one in its place", async () => {
    expect((await attach()).comment.fate).toBe("added");
    expect((await attach()).comment.fate).toBe("unchanged");
    expect(instance.notes).toHaveLength(1);
    const { files, removed } = await attach("<p>two</p>");
    expect(removed).toEqual(["report.html"]);
    expect(files.find((f) => f.name === "report.html")?.fate).toBe("uploaded");
    expect(instance.notes).toHaveLength(2);
    expect(instance.files.filter((f) => f.file_name === "report.html")).toHaveLength(1);
    await attach("<p>two</p>");
    expect(instance.notes).toHaveLength(2);
  });

  it("likewise where its page has to go into a ZIP file, and another incident's stays", async () => {
    instance.access.extensions = ["zip", "json", "pcapng", "svg"];
    await attach("<p>one</p>", "another incident");
    await attach("<p>two</p>");
    const again = await attach("<p>two</p>");
    expect([again.comment.fate, again.files.find((f) => f.name === "report.html")?.fate]).toEqual([
      "unchanged",
      "kept",
    ]);
    expect(instance.notes).toHaveLength(2);
    const before = pages();
    expect((await attach("<p>six</p>")).removed).toEqual(["report.html"]);
    expect((await attach("<p>six</p>")).comment.fate).toBe("unchanged");
    expect(instance.notes).toHaveLength(3);
    for (const { value } of instance.notes)
      expect(value).toMatch(/report\.html \(within report-html-[0-9a-f]{12}\.zip/);
    expect(pages()).toHaveLength(2);
    expect(pages()[0]).toBe(before[0]);
    // A later note tells of the ZIP file, too, though it was not uploaded then.
    const t = await ticket();
    await t.ownComment(instance.notes.at(-1)!.value.split(" ")[3]!);
    const kept = await t.attached(["report.html"]);
    expect(kept.map((f) => [f.name, f.bytes])).toEqual([["report.html", "<p>six</p>".length]]);
    expect(t.written(BLOCKS, MARK, kept, await t.limits())).toContain(`report.html (within ${pages()[1]},`);
    // Somebody's own copy of it is not ours.
    instance.files.push({ ...instance.files.find((f) => f.file_name === pages()[1])!, sys_id: instance.newId() });
    expect(await t.attached(["report.html"])).toEqual(kept);
    instance.files.pop();
    const newest = instance.files.filter((f) => f.file_name === pages()[1])[0]!;
    expect(new TextDecoder().decode(unzipSync(newest.bytes)["report.html"])).toBe("<p>six</p>");
  });
});

describe("a dry run", () => {
  it("shows what would be sent, and asks nothing without credentials", async () => {
    const place = servicenow.recognise("servicenow:INC0010023", { ...SETTINGS, env: { SERVICENOW_URL: server.url } })!;
    const t = await servicenow.open(place, null, server.http());
    const limits = await t.limits();
    expect(limits.source).toBe("documented");
    const body = t.written(BLOCKS, MARK, [], limits);
    expect(t.planned([file("report.html", "12345")], body, null)).toEqual([
      {
        method: "POST",
        url: `${server.url}/api/now/attachment/file?table_name=incident&table_sys_id=SYS_ID_OF_INC0010023&file_name=report.html`,
        body: "report.html, 5 bytes",
      },
      {
        method: "PATCH",
        url: `${server.url}/api/now/table/incident/SYS_ID_OF_INC0010023`,
        body: `work_notes: ${body}`,
      },
    ]);
    expect(t.planned([], body, { id: "1", url: null, body })).toEqual([]);
    await expect(t.attached([])).rejects.toMatchObject({
      failure: "credentials",
      message: expect.stringContaining("SERVICENOW_TOKEN"),
    });
    expect(server.requests).toEqual([]);
  });
});

describe("an instance that answers badly", () => {
  it("waits as it is told to", async () => {
    const t = await ticket();
    server.next(tooMany(7));
    await t.attached([]);
    expect(server.waits).toEqual([7000]);
  });

  it.each([
    ["HTML, as one that hibernates gives it", pageInstead],
    ["an endless answer", huge],
    ["another shape", { json: [] }],
    ["no shape", { json: { result: "x" } }],
    ["no sys_id", { json: { result: { sys_id: "../../x" } } }],
    ["a redirect to another server that has none of it", redirect("http://127.0.0.1:9/x")],
    ["a failure each time", brokenServer],
  ])("is said to be out of order: %s", async (_, reply) => {
    const t = await ticket();
    server.next(...Array.from({ length: 5 }, () => reply));
    const error: unknown = await t.attached(["a"]).catch((e) => e);
    expect(error).toBeInstanceOf(TicketError);
    expect((error as TicketError).message).not.toContain("\n");
  });

  it("that pages without an end is left", async () => {
    const endless = await trackerServer((request) =>
      request.path.endsWith("/attachment")
        ? { headers: { Link: '<x>;rel="next"' }, json: { result: [] } }
        : { json: { result: { sys_id: INCIDENT } } },
    );
    const place = servicenow.recognise(`${endless.url}/incident.do?sys_id=${INCIDENT}`, SETTINGS)!;
    const t = await servicenow.open(place, { headers: {}, source: "x" }, endless.http());
    await expect(t.attached(["a"])).rejects.toThrow("more than 200 pages");
    await endless.close();
  });

  it("never learns a secret that it may repeat, nor does anybody else", async () => {
    const said: string[] = [];
    const t = await ticket();
    for (const status of [400, 401, 403, 404, 413, 415, 422, 500]) {
      server.next({
        status,
        json: {
          error: { message: `you sent ${AUTHORIZATION}`, detail: "ann:pl4nted-s3cret file type" },
          status: "failure",
        },
      });
      said.push(String(await t.attach(file("report.html", "x")).catch((e) => e)));
    }
    said.push(JSON.stringify([t, t.place, t.url, t.planned([], note(t), null)]));
    expect(said.join("\n")).not.toMatch(/pl4nted|s3cret|YW5uOnBsNG50ZWQ/);
  });
});
