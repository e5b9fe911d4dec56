// How does the program start quickly? `tsc` makes a file of each of ours, 300 of which an analysis loads; this joins them into a few.
//
//   node build/bundle.mjs [DIST]    after `tsc -p tsconfig.build.json`; DIST: its output, dist/ unless told
//
// `src/cli/main.js` is written over, what it loads goes to `chunks`; the library (`src/index.js`) stays as tsc made it. Packages of
// others are not bundled: they come with an installation, under their own licences.

import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";

const ROOT = join(import.meta.dirname, "..");
const GIVEN = resolve(process.argv[2] ?? join(ROOT, "dist"));
if (!existsSync(GIVEN)) fail(`${GIVEN} is missing: run tsc first`);
/** As the bundler names modules: without symbolic links. */
const DIST = realpathSync(GIVEN);
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const CHUNKS = "chunks";
const MAIN = "main";
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

/** An import for what a file does when it is loaded: none of ours does anything then, but for what is begun. */
const IMPORTS_NOTHING = /^import "\.\/[^"]+";\n/gm;

/** A module, or with a slash at its end all of a folder. */
const placeOf = (module) => join(DIST, module.endsWith("/") ? module : `${module}.js`);

function fail(why) {
  console.error(`bundle: ${why}`);
  process.exit(1);
}

const input = { [MAIN]: join(DIST, "src/cli/main.js") };
for (const path of BEGUN_BY_NAME) input[/([^/]+)\.js$/.exec(path)[1]] = join(DIST, path);
const grouped = GROUPS.flatMap(([, modules]) => modules.map(placeOf));
for (const path of [...Object.values(input), ...grouped])
  if (!existsSync(path)) fail(`${path} is missing: run tsc first, or mend the lists in build/bundle.mjs`);
if (readFileSync(input[MAIN], "utf8").includes(`/${CHUNKS}/`)) fail(`${input[MAIN]} is bundled already: run tsc first`);

rmSync(join(DIST, CHUNKS), { recursive: true, force: true });
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
await bundle.write({
  dir: DIST,
  format: "esm",
  // Where a source has no other letters, V8 holds and reads it at a byte each.
  charset: "ascii",
  comments: false,
  entryFileNames: ({ name }) => (name === MAIN ? "src/cli/main.js" : `${CHUNKS}/${name}.js`),
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

for (const file of readdirSync(join(DIST, CHUNKS))) {
  const path = join(DIST, CHUNKS, file);
  const code = readFileSync(path, "utf8");
  writeFileSync(path, code.replaceAll(IMPORTS_NOTHING, ""));
  for (const [, name] of code.matchAll(BEGINS)) {
    if (!existsSync(join(DIST, CHUNKS, `${name}.js`)))
      fail(`${file} begins ${name}, which is not in the list BEGUN_BY_NAME`);
  }
}
