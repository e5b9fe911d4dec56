// Does `states --at` say what `ss` said? Every socket of every snapshot beside a sample's capture, and none besides.
//
// A snapshot is no instant: the kernel's answer counts if it was ours at some moment from shortly before it to shortly after.
// Shortly is the delay of an ACK (40 ms), for CLOSE_WAIT begins at the FIN and shows by its acknowledgement; and a timer
// after a minute comes seconds late, by the grain of the kernel's timer wheel.

import { describe, expect, it } from "vitest";
import { readStates } from "../../src/analyze.ts";
import { type Snapshot, samples } from "./samples.ts";

/** The delayed ACK's 40 ms, a tick of 4 ms, and the time that `ss` takes where it was not noted. */
const AROUND_MS = 60;
/** The wheel's grain for a minute: 2.0 s at HZ 250, 4.1 s at HZ 1000. */
const TIMER_LATE_MS = 4200;
/** Of all (snapshot, socket) pairs. */
const AGREEMENT = 0.999;
/** In the client's namespace and in the server's; see `link` in samples/record/stage.sh. */
const ADDRESS = { client: "192.0.2.1", server: "192.0.2.2" };

const withKernel = samples.flatMap((s) => (s.snapshots === null ? [] : [{ ...s, snapshots: s.snapshots }]));

describe.each(withKernel)("$name", ({ capture, snapshots }) => {
  it("has the state of every socket of every snapshot, and no socket besides", { timeout: 120_000 }, async () => {
    const taken = snapshots();
    // The moments at which a snapshot is compared: from before it to after it, and as long before as a timer may be late.
    const moments = taken.map((s) => {
      const from = epochMs(s.at);
      const to = s.until === undefined ? from : epochMs(s.until);
      return [from - TIMER_LATE_MS, from - AROUND_MS, from, to, to + AROUND_MS].map((ms) => new Date(ms).toISOString());
    });
    const ours = await statesAt(capture, [...new Set(moments.flat())]);
    let pairs = 0;
    const different: string[] = [];
    taken.forEach((snapshot, n) => {
      const [early, ...around] = moments[n]!.map((at) => ours.get(epochMs(at)) ?? new Map<string, string>());
      const kernel = new Map(
        snapshot.sockets.filter((s) => s.state !== "LISTEN").map((s) => [`${s.local} ${s.remote}`, s.state]),
      );
      const names = new Set([...kernel.keys(), ...around.flatMap((states) => [...states.keys()])]);
      for (const name of names) {
        if (!isIn(snapshot, name)) continue;
        const said = kernel.get(name);
        const possible = around.map((states) => states.get(name));
        // A timer that is late: we let go of what the kernel still has.
        const late =
          (said === "TIME_WAIT" || said === "FIN_WAIT_2") && early!.get(name) === said && possible.includes(undefined);
        pairs++;
        if (!possible.includes(said) && !late) {
          different.push(
            `${snapshot.at} ${snapshot.namespace ?? ""} ${name}: ss ${said ?? "none"}, ours ${possible.map((p) => p ?? "none")}`,
          );
        }
      }
    });
    expect(pairs).toBeGreaterThan(100);
    expect(1 - different.length / pairs, different.slice(0, 20).join("\n")).toBeGreaterThanOrEqual(AGREEMENT);
  });
});

async function statesAt(capture: string, at: string[]): Promise<Map<number, Map<string, string>>> {
  const found = new Map<number, Map<string, string>>();
  const { states } = await readStates([capture], { at });
  for (const s of states) {
    const ms = epochMs(s.at);
    if (!found.has(ms)) found.set(ms, new Map());
    found.get(ms)!.set(`${s.local.address}:${s.local.port} ${s.remote.address}:${s.remote.port}`, s.state);
  }
  return found;
}

/** Is this socket in the namespace that was asked? */
const isIn = ({ namespace }: Snapshot, name: string): boolean =>
  namespace === undefined || name.startsWith(`${ADDRESS[namespace]}:`);

const epochMs = (iso: string): number => Date.parse(iso);
