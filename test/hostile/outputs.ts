// What does the program write of a capture, in all? Every command, every format, every file of a bundle.

import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { unzipSync } from "fflate";
import { runCli } from "../cli/run-cli.ts";

export interface Output {
  /** The command line, or the file of a bundle. */
  name: string;
  bytes: Uint8Array;
}

const KINDS = ["ladder", "states", "topology", "exchanges", "ports"] as const;

/** `flags`: given to every command. `folder` must be empty; what was written stays in it. */
export async function outputsOf(capture: string, folder: string, flags: readonly string[] = []): Promise<Output[]> {
  const out: Output[] = [];
  mkdirSync(folder, { recursive: true });
  const run = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli([...argv, capture, ...flags], { env: ENVIRONMENT });
    const isNothingToDraw = argv[0] === "diagram" && code === 3 && stderr.includes("there is no picture of");
    if (code !== 0 && !isNothingToDraw) throw new Error(`${argv.join(" ")}: exit code ${code}: ${stderr}`);
    const name = argv.join(" ");
    out.push({ name, bytes: Buffer.from(stdout) }, { name: `${name}, standard error`, bytes: Buffer.from(stderr) });
    return stdout;
  };
  await run("analyze");
  await run("analyze", "--format", "markdown");
  const report = JSON.parse(await run("analyze", "--json", "--detail"));
  for (const command of ["flows", "exchanges"]) {
    await run(command);
    await run(command, "--json");
  }
  await run("states", "--at", "end");
  await run("states", "--at", "end", "--json");
  await run("states", "--every", "1s", "--json");
  await run("analyze", "-o", join(folder, "report.html"));
  await run("analyze", "--bundle", join(folder, "bundle"));
  await run("analyze", "--bundle", join(folder, "bundle.zip"));
  for (const kind of KINDS) {
    const of = kind === "ladder" ? ["--flow", "0"] : [];
    for (const ending of ["svg", "txt", "mmd"])
      await run("diagram", kind, ...of, "-o", join(folder, `${kind}.${ending}`));
  }
  for (const { id } of report.findings.filter((f: { evidence: { flow?: number }[] }) =>
    f.evidence.some((e) => e.flow !== undefined),
  )) {
    await run("extract", "--finding", id, "-o", join(folder, `${id.replace("#", "-")}.pcapng`));
    await run("diagram", "ladder", "--finding", id, "-o", join(folder, `${id.replace("#", "-")}.svg`));
  }
  for (const { flow } of report.flows)
    await run("extract", "--flow", String(flow), "-o", join(folder, `flow-${flow}.pcapng`));
  for (const path of filesIn(folder)) {
    const bytes = readFileSync(path);
    out.push({ name: relative(folder, path), bytes });
    if (!path.endsWith(".zip")) continue;
    for (const [name, file] of Object.entries(unzipSync(bytes))) out.push({ name: `bundle.zip: ${name}`, bytes: file });
  }
  return out;
}

/** A terminal that would obey escapes, if any came. */
const ENVIRONMENT = { LANG: "C.UTF-8", HALFCLOSE_REDACT_KEY: "a key for tests" };

const filesIn = (folder: string): string[] =>
  readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : [path]));
