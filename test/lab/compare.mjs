// Is the state that halfclose computes the one that the kernel had? `node compare.mjs RECORDED [SCENARIO…]`
//
// RECORDED is what record.py wrote: a folder for each scenario. judge.mjs says what counts as agreement.
// Exit code 1: less than 99.9 % agree (99.8 % in the mean of the captures), a state was invented or is missing, or one said to be certain was wrong.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { addTally, emptyTally, judge } from "./judge.mjs";

const REQUIRED_SHARE = 0.999;
/** So that one scenario with many sockets cannot cover for another; one of 124 captures that goes wrong costs most of it. */
const REQUIRED_MEAN = 0.998;
/** Lines of disagreement that are printed. */
const LISTED = 60;

const dist = resolve(process.env.HALFCLOSE_DIST ?? "dist");
const { readStates } = await import(pathToFileURL(`${dist}/src/index.js`).href);

const [folder, ...only] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node compare.mjs RECORDED [SCENARIO…]");
  process.exit(2);
}

const percent = (part, whole) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(3)} %`);
const accepted = (t) => t.agree + t.around + t.late;
const line = (name, t) =>
  `${name.padEnd(44)} ${String(t.pairs).padStart(7)} ${percent(accepted(t), t.pairs).padStart(10)} ` +
  [
    t.around,
    t.late,
    t.different,
    t.invented,
    t.missing,
    t.certainWrong,
    t.notShown,
    t.unknowable,
    t.unknowableWrong,
    t.unseen,
  ]
    .map((v) => String(v || "·").padStart(8))
    .join("");

const scenarios = readdirSync(folder)
  .filter((name) => existsSync(`${folder}/${name}/scenario.json`) && (only.length === 0 || only.includes(name)))
  .sort();
console.log(
  `${"scenario, captured at".padEnd(44)} ${"pairs".padStart(7)} ${"accepted".padStart(10)} ` +
    ["around", "late", "differ", "invented", "missing", "certain", "nt shown", "nt known", "of it ≠", "unseen"]
      .map((v) => ` ${v}`.padStart(8))
      .join(""),
);
const total = emptyTally();
const late = [];
const shares = [];
const listed = [];
for (const name of scenarios) {
  const path = resolve(folder, name);
  const scenario = JSON.parse(readFileSync(`${path}/scenario.json`, "utf8"));
  for (const view of scenario.views) {
    const { tally, lateness, disagreements } = await judge(readStates, path, scenario, view);
    console.log(line(`${name}, ${view.name}`, tally));
    addTally(total, tally);
    for (const l of lateness) late.push(l);
    if (tally.pairs > 0) shares.push(accepted(tally) / tally.pairs);
    for (const d of disagreements) listed.push({ ...d, where: `${name}, ${view.name}` });
  }
}
console.log(line("total", total));

listed.sort((a, b) => b.count - a.count);
if (listed.length > 0) console.log("\nDisagreements, the same one at many snapshots in one line:");
for (const d of listed.slice(0, LISTED)) {
  const certain = d.certain === null ? "" : d.certain ? " (certain)" : " (not certain)";
  console.log(
    `  ${String(d.count).padStart(5)} × ${d.where}: +${d.from.toFixed(2)} s to +${d.to.toFixed(2)} s, ${d.host}'s ${d.key}: ` +
      `ss ${d.ss ?? "has none"}, halfclose ${d.ours ?? "has none"}${certain}`,
  );
}
if (listed.length > LISTED) console.log(`  … and ${listed.length - LISTED} more`);

const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
late.sort((a, b) => a - b);
console.log(
  `\n${total.pairs} pairs of snapshot and socket: ${percent(accepted(total), total.pairs)} accepted, of which ` +
    `${total.agree} agree, ${total.around} around a transition, ${total.late} with the kernel's timer late` +
    `${late.length > 0 ? ` (median ${late[late.length >> 1].toFixed(2)} s, at most ${late.at(-1).toFixed(2)} s)` : ""}; ` +
    `${total.different + total.invented + total.missing} disagree: ${total.different} different, ${total.invented} invented, ${total.missing} missing; ` +
    `${total.certainWrong} were said to be certain and wrong. Counted apart: ${total.notShown} whose packets were lost before the tap, ` +
    `${total.unknowable} that no packet tells (${total.unknowableWrong} of them wrong).\n` +
    `Mean of the ${shares.length} captures: ${(100 * mean).toFixed(3)} %.`,
);
const failed = [
  accepted(total) < REQUIRED_SHARE * total.pairs && "less than 99.9 % agree",
  !(mean >= REQUIRED_MEAN) && "the mean of the captures is less than 99.8 %",
  total.invented > 0 && "states were invented",
  total.missing > 0 && "states are missing",
  total.unseen > 0 && "sockets of which the capture has no packet",
  total.certainWrong > 0 && "what was said to be certain was wrong",
].filter(Boolean);
if (failed.length > 0) {
  console.error(`lab: ${failed.join("; ")}`);
  process.exitCode = 1;
}
