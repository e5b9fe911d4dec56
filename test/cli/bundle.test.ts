// Does a bundle hold what it says, whole or not at all, and replace nothing that is not its own?

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleOf } from "../../src/bundle.ts";
import { investigate } from "../../src/investigate.ts";
import { runCli } from "./run-cli.ts";
import { sample } from "./samples.ts";

const CAPTURE = sample("leaked-pool");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-bundle-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name).slice(path.length + 1))
    .sort();

const OWN = ["README.txt", "evidence.pcapng", "report.html", "report.json", "report.md"];

describe("a folder", () => {
  it("holds the reports, the pictures and the evidence; the answer still goes to standard output", async () => {
    const path = join(folder, "one");
    const ran = await runCli(["analyze", CAPTURE, "--bundle", path, "--no-progress"]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("The pool of 127.0.0.1:8280 to 127.0.0.1:3307 ran dry");
    expect(ran.stderr).toMatch(/^halfclose: \S+: \d+ files, \d/);
    const files = filesIn(path);
    expect(files.filter((f) => !f.startsWith("pictures/"))).toEqual(OWN);
    expect(files).toContain("pictures/states.svg");
    expect(files).toContain("pictures/ladder-unanswered-requests-1.svg");
    expect(JSON.parse(readFileSync(join(path, "report.json"), "utf8")).totals.unanswered).toBe(130);
    const readme = readFileSync(join(path, "README.txt"), "utf8");
    for (const file of ["report.html", "report.md", "report.json", "evidence.pcapng", "pictures/*.svg"])
      expect(readme).toContain(`  ${file} `);
    const markdown = readFileSync(join(path, "report.md"), "utf8");
    const links = [...markdown.matchAll(/\]\((pictures\/[^)]*)\)/g)].map(([, to]) => to!);
    expect(links.length).toBe(files.filter((f) => f.startsWith("pictures/")).length);
    for (const to of links) expect(existsSync(join(path, to))).toBe(true);
    expect(markdown.match(/```mermaid\n/g)).toHaveLength(1);
    const total = files.reduce((n, f) => n + statSync(join(path, f)).size, 0);
    expect(total).toBeLessThan(10_000_000);
    // Nothing temporary is left beside it.
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("has evidence that tshark opens, every packet with a comment", () => {
    const fields = ["-T", "fields", "-e", "frame.comment"];
    const lines = execFileSync("tshark", ["-r", join(folder, "one/evidence.pcapng"), ...fields])
      .toString()
      .trim()
      .split("\n");
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => line.trim() === "")).toEqual([]);
    expect(lines.some((line) => line.includes("unanswered-requests#1"))).toBe(true);
  });

  it("is replaced when it is an earlier bundle, with the same bytes", async () => {
    const path = join(folder, "one");
    const before = filesIn(path).map((f) => readFileSync(join(path, f)));
    expect((await runCli(["analyze", CAPTURE, "--bundle", path, "--no-progress"])).code).toBe(0);
    const after = filesIn(path).map((f) => readFileSync(join(path, f)));
    expect(after.length).toBe(before.length);
    after.forEach((bytes, i) => {
      expect(Buffer.compare(bytes, before[i]!)).toBe(0);
    });
  });

  it("may be there and empty", async () => {
    const path = join(folder, "empty");
    mkdirSync(path);
    expect((await runCli(["analyze", CAPTURE, "--bundle", `${path}/`, "--no-progress"])).code).toBe(0);
    expect(existsSync(join(path, "report.html"))).toBe(true);
  });

  it("is left alone when it holds anything else", async () => {
    const foreign = join(folder, "foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "README.txt"), "my own notes\n");
    const added = join(folder, "added");
    mkdirSync(added);
    for (const file of OWN) copyFileSync(join(folder, "one", file), join(added, file));
    writeFileSync(join(added, "thesis.txt"), "mine\n");
    for (const path of [foreign, added]) {
      const before = filesIn(path);
      const ran = await runCli(["analyze", CAPTURE, "--bundle", path]);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain("holds something else");
      expect(filesIn(path)).toEqual(before);
    }
    const file = join(folder, "file");
    writeFileSync(file, "x");
    expect((await runCli(["analyze", CAPTURE, "--bundle", file])).stderr).toContain("is a file");
  });

  it("is not replaced while a capture in it is read", async () => {
    const ran = await runCli(["analyze", join(folder, "one/evidence.pcapng"), "--bundle", join(folder, "one")]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("would replace");
  });

  it("that cannot be made is said in one line, and nothing is left", async () => {
    const ran = await runCli(["analyze", CAPTURE, "--bundle", join(folder, "nowhere/deep"), "--no-progress"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/^halfclose: .*its directory does not exist; create it first\n$/);
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });
});

describe("a ZIP file", () => {
  it("has the same files as the folder, and the same bytes each time", async () => {
    const [a, b] = [join(folder, "a.zip"), join(folder, "b.ZIP")];
    for (const path of [a, b])
      expect((await runCli(["analyze", CAPTURE, "--bundle", path, "--no-progress"])).code).toBe(0);
    expect(Buffer.compare(readFileSync(a), readFileSync(b))).toBe(0);
    const entries = unzipSync(readFileSync(a));
    expect(Object.keys(entries).sort()).toEqual(filesIn(join(folder, "one")));
    for (const [name, bytes] of Object.entries(entries))
      expect(Buffer.compare(bytes, readFileSync(join(folder, "one", name)))).toBe(0);
  });

  it("does not replace the capture, or a folder", async () => {
    const capture = join(folder, "c.zip");
    copyFileSync(CAPTURE, capture);
    expect((await runCli(["analyze", capture, "--bundle", capture])).code).toBe(2);
    mkdirSync(join(folder, "d.zip"));
    expect((await runCli(["analyze", CAPTURE, "--bundle", join(folder, "d.zip")])).stderr).toContain("is a folder");
  });
});

it("the evidence gets what the rest leaves of the limit", async () => {
  const from = await investigate([CAPTURE]);
  try {
    const whole = await bundleOf(from);
    const others = whole.bytes - whole.evidence!.bytes.length;
    const maxBytes = others + 100_000;
    const small = await bundleOf(from, { maxBytes });
    expect(small.bytes).toBeLessThanOrEqual(maxBytes);
    expect(small.evidence!.packets).toBeLessThan(whole.evidence!.packets);
    const none = await bundleOf(from, { maxBytes: others });
    expect(none.evidence).toBeNull();
    expect(none.notes[0]).toContain("no room for evidence.pcapng");
    expect(none.files.map((f) => f.name)).not.toContain("evidence.pcapng");
  } finally {
    await from.close();
  }
});

it("with --redact strict, no file says how the captures were called", async () => {
  const capture = join(folder, "secret-project.pcap.gz");
  copyFileSync(CAPTURE, capture);
  const path = join(folder, "strict");
  const args = ["analyze", capture, "--bundle", path, "--redact", "strict", "--filter", "not host 198.51.100.77"];
  expect((await runCli([...args, "--no-progress"])).code).toBe(0);
  for (const file of filesIn(path)) {
    const text = readFileSync(join(path, file)).toString("latin1");
    for (const secret of ["secret-project", "198.51.100.77", folder])
      expect([file, text.includes(secret)]).toEqual([file, false]);
  }
  expect(readFileSync(join(path, "report.html"), "utf8")).toContain("It was called with --filter, too");
});

describe("-o", () => {
  it.each([
    ["report.html", "<!DOCTYPE html>"],
    ["report.HTM", "<!DOCTYPE html>"],
    ["report.md", "# What happened"],
    ["report.json", "{"],
    ["report.txt", "CRITICAL"],
    ["report", "CRITICAL"],
  ])("writes the format of the ending: %s", async (name, begins) => {
    const path = join(folder, name);
    expect((await runCli(["analyze", CAPTURE, "-o", path, "--no-progress"])).code).toBe(0);
    expect(readFileSync(path, "utf8").startsWith(begins)).toBe(true);
  });

  it("unless --format says another", async () => {
    const path = join(folder, "odd.json");
    await runCli(["analyze", CAPTURE, "-o", path, "--format", "markdown", "--no-progress"]);
    expect(readFileSync(path, "utf8").startsWith("# What happened")).toBe(true);
    const page = await runCli(["analyze", CAPTURE, "--format", "html", "--no-progress"]);
    expect(page.stdout).toContain("</html>");
    expect((await runCli(["analyze", CAPTURE, "--json", "--format", "html"])).code).toBe(2);
  });
});
