// Do the pictures over time show what was recorded beside each sample? Counts of `ss`, of the applications' logs, and of the reports
// of states, which are counted in another way.

import { describe, expect, it } from "vitest";
import type { StateName } from "../../src/core/flow-view.ts";
import { lastOf } from "../../src/diagram/over-time/chart-picture.ts";
import { requestsOf } from "../../src/diagram/over-time/exchanges-picture.ts";
import type { StatesPicture } from "../../src/diagram/over-time/states-picture.ts";
import { exchangesPicture } from "../../src/pictures/exchanges.ts";
import { portsPicture } from "../../src/pictures/ports.ts";
import { statesPicture } from "../../src/pictures/states.ts";
import { countsAt } from "../../src/report/states.ts";
import { type Read, readSample } from "./sample-view.ts";

const millis = (iso: string): number => Date.parse(iso);
const at = (picture: { start: string }, offset: number): number => millis(picture.start) + offset / 1e6;

function statesOf({ view, report }: Read): StatesPicture {
  const { picture } = statesPicture(view, { report });
  return picture!;
}

const seriesOf = (picture: StatesPicture, holder: string, peer: string, state: StateName) =>
  picture.panels.find((p) => p.holder === holder && p.peer.includes(peer))!.states.find((s) => s.state === state)!
    .series;

describe("states over time", () => {
  it.each(["leaked-pool", "leaked-pool-any"])("%s: as many are in CLOSE_WAIT at the end as ss said", async (name) => {
    const read = await readSample(name);
    const picture = statesOf(read);
    const held = seriesOf(picture, "127.0.0.1:8280", "service", "CLOSE_WAIT");
    expect(lastOf(held)).toBe(read.sample.truth.kernel.service_close_wait);
    expect(held.peak).toBe(130);
    expect(picture.panels[0]!.holder).toBe("127.0.0.1:8280");
    // The log of the service has the first request that hung; the pool ran dry before it.
    expect(Math.abs(at(picture, picture.onset!.at) - millis(read.sample.truth.pool!.dry_at))).toBeLessThan(50);
  });

  it("leaking-http-client: the client holds what ss saw, at the moment when ss saw it", async () => {
    const read = await readSample("leaking-http-client");
    const picture = statesOf(read);
    const held = seriesOf(picture, "192.0.2.1", "192.0.2.2:80", "CLOSE_WAIT");
    const { peak, at_end } = read.sample.truth.half_closed!;
    expect([held.peak, lastOf(held)]).toEqual([peak.count, at_end]);
    // ss ran eight times a second.
    expect(Math.abs(at(picture, held.peakAt) - millis(peak.at!))).toBeLessThan(250);
  });

  it("port-bursts: TIME_WAIT reaches what ss saw", async () => {
    const read = await readSample("port-bursts");
    const held = seriesOf(statesOf(read), "192.0.2.1", "192.0.2.2:3306", "TIME_WAIT");
    expect(held.peak).toBe(read.sample.truth.time_wait!.peak.count);
  });

  it.each(["leaked-pool", "port-bursts", "stale-pool", "healthy-pool"])(
    "%s: at each moment it is what `states --at` says",
    async (name) => {
      const read = await readSample(name);
      const picture = statesOf(read);
      const times = picture.times.map((t) => t + read.view.firstTime);
      const listed = [...countsAt(read.view, times)];
      for (const panel of picture.panels.filter((p) => !p.peer.includes("clients"))) {
        const of = (i: number): number =>
          listed[i]!.by_endpoint.filter(({ local, remote }) => {
            const holder = local.port === undefined ? local.address : `${local.address}:${local.port}`;
            const peer = remote.port === undefined ? remote.address : `${remote.address}:${remote.port}`;
            return holder === panel.holder && panel.peer.endsWith(` ${peer}`);
          }).reduce((n, { counts }) => n + Object.values(counts).reduce((a, b) => a + b, 0), 0);
        expect(panel.total.at).toEqual(times.map((_, i) => of(i)));
        expect(panel.total.at).toEqual(
          times.map((_, i) => panel.states.reduce((n, { series }) => n + series.at[i]!, 0)),
        );
      }
    },
  );

  it("healthy-pool: there is a picture, and no onset", async () => {
    const picture = statesOf(await readSample("healthy-pool"));
    expect(picture.onset).toBeNull();
    expect(picture.panels.length).toBeGreaterThan(1);
  });
});

describe("the timeline of exchanges", () => {
  it.each(["leaked-pool", "busy-pool", "frozen-service", "healthy-service"])(
    "%s: has the counts of the applications' own logs",
    async (name) => {
      const { view, report, sample } = await readSample(name);
      const { picture } = exchangesPicture(view, { report });
      for (const truth of sample.truth.services!) {
        const service = picture!.services.find((s) => s.service === `${truth.server.address}:${truth.server.port}`)!;
        const sum = (kind: "asked" | "answered" | "late" | "unanswered"): number =>
          service.buckets.reduce((n, bucket) => n + bucket[kind], 0);
        expect(requestsOf(service)).toBe(truth.requests);
        expect(["asked", "answered", "late", "unanswered"].map((k) => sum(k as "asked"))).toEqual([
          truth.requests,
          truth.answered,
          truth.late ?? 0,
          truth.unanswered,
        ]);
        expect(service.buckets.at(-1)!.waiting).toBe(truth.pending ?? 0);
        expect(service.points.length).toBe(service.measured);
      }
    },
  );

  it("frozen-service: as many wait when it thaws as its log says", async () => {
    const { view, report, sample } = await readSample("frozen-service");
    const { picture } = exchangesPicture(view, { report });
    const stall = sample.truth.stall!;
    const { late = 0 } = sample.truth.services!.find(({ name }) => name === "service")!;
    const service = picture!.services.find((s) => s.service === "127.0.0.1:8280")!;
    const most = service.buckets.reduce((n, b) => Math.max(n, b.waiting), 0);
    // Two of them had given up meanwhile (`late`); the last step before the thaw may lack what came within it, at 21 a second.
    expect(most).toBeLessThanOrEqual(stall.waiting - late);
    expect(most).toBeGreaterThan(stall.waiting - late - 4);
    const thawed = service.buckets.find((b) => at(picture!, b.from) > millis(stall.until!) + 100)!;
    expect(thawed.waiting).toBeLessThanOrEqual(1);
  });

  it("healthy-framing: is none, for nobody said how its messages are framed", async () => {
    const { view, report } = await readSample("healthy-framing");
    expect(exchangesPicture(view, { report })).toEqual({
      picture: null,
      because: "no request of a protocol that is read is in the capture",
    });
  });
});

describe("ports in use", () => {
  it.each(["port-bursts", "leaking-http-client"])("%s: reach the range, when the calls began to fail", async (name) => {
    const { view, report, sample } = await readSample(name);
    const truth = sample.truth.port_exhaustion!;
    const panel = portsPicture(view, { report }).picture!.panels[0]!;
    const { picture } = portsPicture(view, { report });
    expect(panel.client).toBe(truth.holder.address);
    expect(panel.destination).toBe(`${truth.peer.address}:${truth.peer.port}`);
    expect(panel.range).toEqual({ name: truth.range, ports: truth.ports, from: "observed" });
    expect(panel.total.peak).toBe(truth.ports_in_use);
    expect(panel.usedUp.length).toBe(1);
    const [span] = panel.usedUp;
    expect(Math.abs(at(picture!, span!.from) - millis(truth.exhausted_at))).toBeLessThan(150);
    // A timer of a minute comes up to 4.1 s late.
    if (truth.first_free_at === undefined) expect(span!.until).toBe(picture!.end);
    else expect(Math.abs(at(picture!, span!.until) - millis(truth.first_free_at))).toBeLessThan(4200);
    expect(Math.abs(at(picture!, picture!.onset!.at) - millis(truth.exhausted_at))).toBeLessThan(150);
  });

  it("leaked-pool: are held by FIN_WAIT_2 at the end, of Linux's own range", async () => {
    const { view, report } = await readSample("leaked-pool");
    const panel = portsPicture(view, { report }).picture!.panels[0]!;
    expect(panel.range).toEqual({ name: "32768-60999", ports: 28_232, from: "linux default" });
    // ss at the end: 130 FIN_WAIT_2 of the sidecar (README of the sample).
    expect(lastOf(panel.states.find(({ state }) => state === "FIN_WAIT_2")!.series)).toBe(130);
    expect(panel.usedUp).toEqual([]);
  });

  it("refused-and-unanswered: are not drawn, for no client had more than a few connections to one service", async () => {
    const { view, report } = await readSample("refused-and-unanswered");
    expect(portsPicture(view, { report })).toEqual({
      picture: null,
      because: "no client had 10 ports or more in use at once for one destination",
    });
  });
});
