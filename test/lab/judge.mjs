// Where do the kernel and halfclose agree about one capture? Every socket that either has at a snapshot is one pair.
//
// A pair agrees when halfclose, asked for the middle of the run of `ss`, says the same. Else it is, in this order:
//   around a transition   halfclose says it at some moment between TOLERANCE before that run and TOLERANCE after it
//   timer late            a timer ends the socket, and no packet: the kernel still had it, within the lateness of its timers
//   disagreement          everything else: a state invented (ss has no such socket), missing (halfclose has none), different
// Two kinds of pair are counted apart, each with its reason in the scenario: NOT_SHOWN (packets lost before that tap) is not
// compared; UNKNOWABLE (nothing on the wire tells it) is, and must not be said to be certain where it is wrong.

import { PacketTimes, readSnapshots, socketKey } from "./kernel-truth.mjs";

/** Between a socket's change and its packet at the tap lie a few queues and, on a busy machine, a context switch. */
const TOLERANCE = 5_000_000n;
/** The kernel's timer wheel rounds up, by at most an eighth of the time (kernel/time/timer.c), and at 60 s by 4.1 s. */
const LATE_SHARE = 8n;
/** A busy or virtual machine stands still for tenths of a second, and its timers with it. */
const STANDSTILL = 250_000_000n;
const LATE_LIMIT = 4_200_000_000n;
/** Moments asked for at once. */
const BATCH = 2000;

const iso = (ns) =>
  `${new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19)}.${String(ns % 1_000_000_000n).padStart(9, "0")}Z`;
const fromIso = (text) => BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1_000_000n + BigInt(text.slice(20, 29));
const endpointKey = ({ address, port }) => `${address} ${port}`;

/** What halfclose says at these moments: moment → socket → {state, since, certain}. */
async function askHalfclose(readStates, files, options, moments) {
  const answers = new Map();
  for (let n = 0; n < moments.length; n += BATCH) {
    const batch = moments.slice(n, n + BATCH);
    for (const at of batch) answers.set(iso(at), new Map());
    const { states } = await readStates(files, { ...options, at: batch.map(iso) });
    for (const { at, local, remote, state, since, certain } of states) {
      answers.get(at).set(socketKey(endpointKey(local), endpointKey(remote)), { state, since, certain });
    }
  }
  return answers;
}

export const emptyTally = () => ({
  pairs: 0,
  agree: 0,
  around: 0,
  late: 0,
  different: 0,
  invented: 0,
  missing: 0,
  certainWrong: 0,
  notShown: 0,
  unknowable: 0,
  unknowableWrong: 0,
  unseen: 0,
});
export const addTally = (sum, t) => {
  for (const name of Object.keys(sum)) sum[name] += t[name];
};

/** Compares what was captured at one place. `readStates` is halfclose's. */
export async function judge(readStates, path, scenario, view) {
  const files = view.files.map((file) => `${path}/${file}`);
  const packets = new PacketTimes(files);
  const hosts = scenario.hosts.map((host) => ({
    ...host,
    snapshots: readSnapshots(`${path}/ss-${host.name}.txt`).map((s) => ({ ...s, middle: (s.before + s.after) / 2n })),
  }));
  const said = await askHalfclose(
    readStates,
    files,
    scenario.options,
    hosts.flatMap((host) => host.snapshots.map((s) => s.middle)),
  );
  const tally = emptyTally();
  const doubtful = [];
  for (const host of hosts) {
    const isOurs = (key) => host.addresses.includes(key.slice(0, key.indexOf(" ")));
    host.said = host.snapshots.map((s) => {
      const own = new Map();
      for (const [key, socket] of said.get(iso(s.middle))) if (isOurs(key)) own.set(key, socket);
      return own;
    });
    host.snapshots.forEach((snapshot, n) => {
      for (const key of new Set([...snapshot.sockets.keys(), ...host.said[n].keys()])) {
        if (scenario.notShown[view.name]?.[host.name] !== undefined) tally.notShown++;
        else if (!packets.has(key)) tally.unseen++;
        else {
          if (scenario.unknowable === null) tally.pairs++;
          else tally.unknowable++;
          if (snapshot.sockets.get(key) === host.said[n].get(key)?.state) tally.agree++;
          else doubtful.push({ host, n, key, snapshot });
        }
      }
    });
  }

  // Every moment at which a change may lie near the doubtful ones: packets of that socket, and the window's ends.
  for (const pair of doubtful) {
    const from = pair.snapshot.before - TOLERANCE;
    const to = pair.snapshot.after + TOLERANCE;
    pair.moments = [...new Set([from, ...packets.within(pair.key, from, to), to])];
  }
  const near = await askHalfclose(readStates, files, scenario.options, [
    ...new Set(doubtful.flatMap((pair) => pair.moments)),
  ]);
  if (scenario.unknowable !== null) tally.agree = 0;
  const disagreements = [];
  const lateness = [];
  for (const pair of doubtful) {
    const { host, n, key, snapshot } = pair;
    const ss = snapshot.sockets.get(key) ?? null;
    const ours = host.said[n].get(key) ?? null;
    if (pair.moments.some((at) => (near.get(iso(at)).get(key)?.state ?? null) === ss)) {
      if (scenario.unknowable === null) tally.around++;
      continue;
    }
    const late = ss === null ? null : lateBy(host, n, key, ss, packets);
    if (late !== null) {
      if (scenario.unknowable === null) tally.late++;
      lateness.push(late);
      continue;
    }
    if (ours?.certain) tally.certainWrong++;
    if (scenario.unknowable !== null) {
      tally.unknowableWrong++;
      if (!ours?.certain) continue;
    }
    const kind = ss === null ? "invented" : ours === null ? "missing" : "different";
    if (scenario.unknowable === null) tally[kind]++;
    disagreements.push({
      host: host.name,
      key,
      ss,
      ours: ours?.state ?? null,
      certain: ours?.certain ?? null,
      at: snapshot.middle,
      n,
    });
  }
  const first = hosts[0].snapshots[0]?.middle ?? 0n;
  return { tally, lateness, disagreements: inRuns(disagreements, first) };
}

/** How long ago halfclose let a timer end the state that `ss` still shows; null when that is not what happened. */
function lateBy(host, n, key, ss, packets) {
  for (let k = n - 1; k >= 0; k--) {
    const before = host.said[k].get(key);
    const earlier = host.snapshots[k];
    if (earlier.sockets.get(key) !== ss) return null;
    if (before?.state !== ss) continue;
    const late = host.snapshots[n].middle - earlier.middle;
    const age = earlier.middle - (before.since === null ? host.snapshots[0].middle : fromIso(before.since));
    const cadence = host.snapshots[k + 1].middle - earlier.middle;
    if (late > LATE_LIMIT || late - cadence > age / LATE_SHARE + STANDSTILL) return null;
    // To a socket that only waits, an ACK or a probe makes no difference.
    const isWaiting = ss === "FIN_WAIT_2" || ss === "TIME_WAIT";
    const to = host.snapshots[n].after;
    const ended = isWaiting ? packets.turnsWithin(key, earlier.before, to) : packets.within(key, earlier.before, to);
    return ended.length === 0 ? Number(late) / 1e9 : null;
  }
  return null;
}

/** The same disagreement at one snapshot after the other is one line. */
function inRuns(disagreements, first) {
  const runs = new Map();
  for (const d of disagreements) {
    const name = [d.host, d.key, d.ss, d.ours, d.certain].join("|");
    const run = runs.get(name);
    const seconds = Number(d.at - first) / 1e9;
    if (run) Object.assign(run, { count: run.count + 1, to: seconds });
    else runs.set(name, { ...d, count: 1, from: seconds, to: seconds });
  }
  return [...runs.values()].sort((a, b) => b.count - a.count);
}
