// Is only loaded what is used, by the program as it is installed: compiled and bundled? And does it say there what it says in source?

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../../src/version.ts";
import { BUILD_MS, type BuiltProgram, buildProgram, ROOT } from "../built-program.ts";
import { runCli } from "./run-cli.ts";
import { sample } from "./samples.ts";

const SICK = sample("leaked-pool");
let program: BuiltProgram;

beforeAll(() => {
  program = buildProgram("start-up");
}, BUILD_MS);
afterAll(() => program.remove(), BUILD_MS);

const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8", cwd: program.folder });
const halfclose = (...args: string[]) => node(program.main, ...args);
const bundle = (...args: string[]) => node(join(ROOT, "build/bundle.mjs"), ...args);

/** Which files of ours a run loads, and the modules in them: the bundler writes the name of each above it. */
function loadedBy(...args: string[]): { files: string[]; modules: string[] } {
  const coverage = mkdtempSync(join(program.folder, "loaded-"));
  // V8's coverage names every script that was run.
  spawnSync(process.execPath, [program.main, ...args], { env: { ...process.env, NODE_V8_COVERAGE: coverage } });
  const urls = readdirSync(coverage).flatMap((file) =>
    (JSON.parse(readFileSync(join(coverage, file), "utf8")).result as { url: string }[]).map((script) => script.url),
  );
  rmSync(coverage, { recursive: true });
  const ours = urls.filter(
    (url) => url.startsWith("file:") && url.includes("/dist/") && !url.includes("/node_modules/"),
  );
  const modules = ours.flatMap((url) =>
    [...readFileSync(fileURLToPath(url), "utf8").matchAll(/^\/\/ (\S+)\.js$/gm)].map(([, name]) => name!),
  );
  return { files: ours.map((url) => url.replace(/.*\/dist\//, "")).sort(), modules };
}

/** What no report as text needs. */
const HEAVY =
  /^src\/(?:report\/html|diagram|pictures|evidence|ticket|live|sockets|shares|capture\/live|bundle|extract|zip|read-sockets|join-dumps)/;

describe("what is loaded", () => {
  it("--version: three files, without a command", () => {
    expect(loadedBy("--version").files).toEqual(["chunks/load.js", "chunks/version.js", "src/cli/main.js"]);
  });

  it("analyze to text: a dozen files at most, and nothing of pages, diagrams, tickets, dumps, live capture", () => {
    const { files, modules } = loadedBy("analyze", SICK);
    expect(files.length).toBeLessThanOrEqual(12);
    expect(modules).toContain("src/report/text");
    expect(modules.filter((name) => HEAVY.test(name))).toEqual([]);
    // Of the commands, those that read captures lie in one file.
    expect(modules.filter((name) => /^src\/cli\/(?:attach|capture|diagram|extract|sockets|watch)$/.test(name))).toEqual(
      [],
    );
  });

  it("a page: what draws it, and nothing of tickets and live capture", () => {
    const { modules } = loadedBy("analyze", SICK, "--format", "html");
    expect(modules).toContain("src/report/html/html");
    expect(modules.filter((name) => /^src\/(?:ticket|live|sockets|capture\/live)/.test(name))).toEqual([]);
  });

  it("sockets: nothing that reads packets", () => {
    const dump = join(program.folder, "ss.txt");
    writeFileSync(dump, "ESTAB 0 0 192.0.2.1:80 192.0.2.2:40000\n");
    const { modules } = loadedBy("sockets", dump);
    expect(modules.filter((name) => /^(?:decoders|src\/flow)\//.test(name))).toEqual([]);
  });
});

/** One of each command, and of each form of a report. */
const LINES: readonly (readonly string[])[] = [
  ["--help"],
  ["help", "analyze"],
  ["analyze", SICK],
  ["analyze", SICK, "--format", "markdown"],
  ["analyze", SICK, "--format", "json"],
  ["analyze", SICK, "--list"],
  ["flows", SICK, "--json"],
  ["exchanges", SICK, "--json"],
  ["states", SICK, "--at", "end"],
  ["diagram", "ladder", SICK],
  ["diagram", "topology", SICK, "--format", "mermaid"],
  ["extract", SICK, "--finding", "nosuch#1", "-o", join(tmpdir(), "halfclose-nosuch.pcapng")],
  ["sockets", sample("leaked-pool-dumps").replace(/capture\.[^/]*$/, "dumps")],
  ["attach", join(tmpdir(), "halfclose-nosuch.zip"), "--to", "jira:OPS-1"],
  ["capture", "--help"],
  ["watch", "--help"],
  ["interfaces", "--help"],
  ["merge", "--help"],
  ["nosuch"],
];

describe("bundled, it says what it says in source", () => {
  it.each(LINES.map((line) => [line.join(" ").replaceAll(/\/\S*\//g, ""), line] as const))("%s", async (_, line) => {
    const expected = await runCli(line, { env: process.env });
    const { status, stdout, stderr } = halfclose(...line);
    expect({ code: status, stdout, stderr }).toEqual(expected);
  });

  it("a page, but for how its own script is laid out", () => {
    const { status, stdout } = halfclose("analyze", SICK, "--format", "html");
    expect(status).toBe(0);
    expect(stdout).toContain(`content="halfclose ${VERSION}"`);
    expect(stdout).toContain("(function pageScript() {");
  });

  it("threads: the same report", () => {
    const [one, two] = ["1", "2"].map((n) => halfclose("analyze", SICK, "--format", "json", "--workers", n));
    expect([two!.status, two!.stderr]).toEqual([0, ""]);
    expect(two!.stdout).toBe(one!.stdout);
  });
});

describe("the bundler's lists", () => {
  it("is not run twice", () => {
    const { status, stderr } = bundle(program.dist);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^bundle: .*is bundled already: run tsc first\n$/);
  });

  it("a file that is begun by name has to be there, and beside what begins it", () => {
    const other = mkdtempSync(join(program.folder, "other-"));
    const { status, stderr } = bundle(other);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^bundle: .*is missing: run tsc first/);
    const chunks = readdirSync(join(program.dist, "chunks"));
    for (const name of ["finding-worker.js", "cap-process.js", "share-worker.js"]) expect(chunks).toContain(name);
  });

  it("the version is that of the package", () => {
    copyFileSync(SICK, join(program.folder, "capture.pcap.gz"));
    expect(halfclose("--version").stdout).toBe(`${VERSION}\n`);
  });
});
