// How does the program start quickly? `tsc` makes a file of each of ours, 300 of which an analysis loads; this joins them into a few.
//
//   node build/bundle.mjs [DIST]    after `tsc -p tsconfig.build.json`; DIST: its output, dist/ unless told
//
// `src/cli` is replaced by its `main.js`, what that loads goes to `chunks`; the library (`src/index.js`) stays as tsc made it. Packages of
// others are not bundled: they come with an installation, under their own licences. The program is CommonJS: only of its scripts can
// compiled code be kept (load.cjs, cache.mjs), and Node begins it without its loader of ES modules.

import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";

const ROOT = join(import.meta.dirname, "..");
const GIVEN = resolve(process.argv[2] ?? join(ROOT, "dist"));
if (!existsSync(GIVEN)) fail(`${GIVEN} is missing: run tsc first`);
/** As the bundler names modules: without symbolic links. */
const DIST = realpathSync(GIVEN);
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const CHUNKS = "chunks";
const CLI = "src/cli";
const MAIN = "main";
/** Packages that `require` does not load in every Node. */
const ES_MODULES = Object.keys(dependencies).filter((name) => {
  const { type } = JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"));
  return type === "module";
});
/** Begun by name, as threads or processes: they lie beside the chunk that names them. */
const BEGUN_BY_NAME = [
  "src/live/findings/finding-worker.js",
  "src/capture/live/cap-process.js",
  "src/shares/share-worker.js",
];

/**
 * What is loaded together is one file. A module goes to the first group that wants it, with all that it imports but by `import()`.
 * Everything that no group wants (page, pictures, tickets, evidence, live capture, sockets) is cut where it is loaded by `import()`.
 */
const GROUPS = [
  // All that `--version` loads.
  ["version", ["src/version"]],
  // What commands and threads both need.
  ["core", ["src/core/", "src/capture/glob", "src/report/sparkline"]],
  ["commands", ["src/cli/process", "src/cli/analyze", "src/cli/flows", "src/cli/exchanges", "src/cli/states"]],
  // What captures and socket dumps both need.
  ["files", ["src/capture/files", "src/capture/magic"]],
  [
    "findings",
    [
      "src/run-analyses",
      "src/report/objects",
      "src/report/text-finding",
      "src/report/page",
      "analyses/port-use",
      "analyses/port-sweep",
      "analyses/socket-commands",
    ],
  ],
  // What every reading of a capture needs.
  ["analysis", ["src/analyze", "src/report/text"]],
];
/** A name of a file, by which another thread or process is begun. */
const BEGINS = /new URL\(\s*["'`]\.\/([a-z-]+)\./g;

/** A `require` for what a file does when it is loaded: none of ours does anything then, but for what is begun. */
const REQUIRES_NOTHING = /^require\("\.\/[^"]+"\);\n/gm;
/** How what is begun asks for a chunk: from where it is itself, and by the chunk's name. */
const REQUIRES = /require\("((?:\.\.?\/)+(?:chunks\/)?)([\w-]+\.js)"\)/g;
/** How the bundler writes `import()` of a chunk. */
const IMPORTS = /Promise\.resolve\(\)\.then\(\(\) => require\("\.\/([\w-]+\.js)"\)\)/g;

/** A module, or with a slash at its end all of a folder. */
const placeOf = (module) => join(DIST, module.endsWith("/") ? module : `${module}.js`);

function fail(why) {
  console.error(`bundle: ${why}`);
  process.exit(1);
}

const input = { [MAIN]: join(DIST, CLI, "main.js") };
for (const path of BEGUN_BY_NAME) input[/([^/]+)\.js$/.exec(path)[1]] = join(DIST, path);
if (existsSync(input[MAIN]) && readFileSync(input[MAIN], "utf8").includes(`/${CHUNKS}/`))
  fail(`${input[MAIN]} is bundled already: run tsc first`);
const grouped = GROUPS.flatMap(([, modules]) => modules.map(placeOf));
for (const path of [...Object.values(input), ...grouped])
  if (!existsSync(path)) fail(`${path} is missing: run tsc first, or mend the lists in build/bundle.mjs`);

const bundle = await rolldown({
  // Paths that are written into the chunks begin here, wherever it is run.
  cwd: DIST,
  input,
  platform: "node",
  external: [...Object.keys(dependencies), ...Object.keys(optionalDependencies)],
  treeshake: { moduleSideEffects: false },
  logLevel: "warn",
  // Two ways to the same module are meant: a command that needs it at once, another that does not.
  checks: { ineffectiveDynamicImport: false },
});
const { output } = await bundle.generate({
  dir: DIST,
  format: "cjs",
  // Where a source has no other letters, V8 holds and reads it at a byte each.
  charset: "ascii",
  comments: false,
  entryFileNames: ({ name }) => (name === MAIN ? `${CLI}/main.js` : `${CHUNKS}/${name}.js`),
  chunkFileNames: `${CHUNKS}/[name].js`,
  codeSplitting: {
    groups: GROUPS.map(([name, modules], i) => ({
      name,
      priority: GROUPS.length - i,
      test: (id) => modules.some((module) => id.startsWith(placeOf(module))),
    })),
  },
});
await bundle.close();
const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));

/** The ES modules of others among what a chunk needs before it runs. */
function esModulesOf(fileName, seen = new Set()) {
  if (seen.has(fileName)) return [];
  seen.add(fileName);
  const { imports } = chunks.get(fileName);
  const found = imports.flatMap((id) => (chunks.has(id) ? esModulesOf(id, seen) : ES_MODULES.includes(id) ? id : []));
  return [...new Set(found)].sort();
}

/** `import()` of a chunk, where ES modules have to be there before it. */
function later(written, name) {
  const needed = esModulesOf(`${CHUNKS}/${name}`);
  return needed.length === 0 ? written : `later(${JSON.stringify(name)}, ${JSON.stringify(needed)})`;
}

for (const path of [CLI, CHUNKS]) {
  // What was built before, cached code too, is not to meet what is built now.
  rmSync(join(DIST, path), { recursive: true, force: true });
  mkdirSync(join(DIST, path));
  // Without a `type`: CommonJS. (Should `tsc` alone write its ES modules over it, Node finds out.)
  writeFileSync(join(DIST, path, "package.json"), "{}\n");
}
for (const { fileName, isEntry, code } of output) {
  for (const [, name] of code.matchAll(BEGINS)) {
    if (!chunks.has(`${CHUNKS}/${name}.js`)) fail(`${fileName} begins ${name}, which is not in the list BEGUN_BY_NAME`);
  }
  const own = code.replaceAll(REQUIRES_NOTHING, "");
  const loading = isEntry
    ? own.replaceAll(REQUIRES, 'require("$1load.js").load("$2")')
    : own.replaceAll(IMPORTS, later);
  writeFileSync(join(DIST, fileName), loading);
}
copyFileSync(join(import.meta.dirname, "load.cjs"), join(DIST, CHUNKS, "load.js"));
