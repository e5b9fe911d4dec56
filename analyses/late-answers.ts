// Which answers came when nobody was there to read them?

import type { Analysis } from "../src/core/analysis.ts";
import { toSeconds } from "../src/core/clock.ts";
import { constantOf, median, timelineOf } from "../src/core/statistics.ts";
import { type Exchange, otherSide } from "../src/core/stream-decoder.ts";
import { CITED, cite, clockTime, duration, Groups, name, plural } from "./grouping.ts";

/** From this many on, the two time-outs do not fit each other. */
const SEVERAL = 5;

export const lateAnswers: Analysis = {
  id: "late-answers",
  title: "Late answers",
  question: "Which responses met a requester that had already given up?",
  why:
    "The work was done and thrown away, and the requester saw a failure; the service's own log shows success. " +
    "Data to a socket that its process has closed draws RST (RFC 9293 §3.10.7.1).",
  run(view) {
    const groups = new Groups<Exchange>();
    for (const e of view.exchanges) {
      if (e.outcome !== "late") continue;
      const flow = view.row(e.flow);
      groups.add(flow.end(otherSide(e.requester)), flow.end(e.requester), e);
    }
    if (groups.size === 0) {
      const { answered } = view.totals;
      if (answered === 0) return { kind: "unsure", needs: "no response that we can read is in the capture" };
      return {
        kind: "clear",
        because: `every requester was still there for its response (${plural(answered, "response")})`,
      };
    }
    const findings = [...groups].map((g) => {
      const service = name(g.service);
      const peer = name(g.peer);
      const gone = g.items.map((e) => {
        if (e.gaveUpAfter !== undefined) return e.gaveUpAfter;
        const requester = view.row(e.flow).end(e.requester);
        const left = Math.min(
          requester.fin?.time ?? Number.POSITIVE_INFINITY,
          requester.rst?.time ?? Number.POSITIVE_INFINITY,
        );
        return Math.max(0, left - Math.max(e.requestEnd, e.request!.time));
      });
      const gaveUpAfter = constantOf(gone);
      const waited = median(g.items.map((e) => e.waited));
      const first = g.items[0]!.request!;
      return {
        severity: g.items.length >= SEVERAL ? ("high" as const) : ("medium" as const),
        title: `${plural(g.items.length, "answer")} of ${service} came too late for ${peer}`,
        summary:
          `${service} answered after ${duration(waited)} (median), but ${peer} had given up after ${duration(gaveUpAfter ?? median(gone))}` +
          `${gaveUpAfter === null ? " (median)" : " each time"}: nobody read the response. The first such request was sent at ${clockTime(view.clock.iso(first.time))}.`,
        subject: { holder: g.service, peer: g.peer },
        count: g.items.length,
        onset: first.time,
        metrics: {
          waited_s: toSeconds(waited),
          gave_up_after_s: gaveUpAfter === null ? null : toSeconds(gaveUpAfter),
        },
        evidence: g.items.slice(0, CITED).map((e) => cite(e.flow, e.request!.frame, e.gaveUpFrame, e.response!.frame)),
        advice: [
          `Find out what made ${service} slow at that time; its log counts these requests as successes.`,
          `A requester that retries makes ${service} do the work again: check that the requests may be repeated.`,
        ],
        timeline: timelineOf(
          g.items.map((e) => e.request!.time),
          view.firstTime,
          view.lastTime,
        ),
      };
    });
    return { kind: "found", findings };
  },
};
