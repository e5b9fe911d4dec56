// How does a person read the counts of sockets over time? A line a step, a column a state; then, for each service and
// state, its peak and its course.

import { formatEndpoint } from "../core/address.ts";
import type { StateName } from "../core/flow-view.ts";
import { count, dayOf, formatNumber, formatSpan, formatTime } from "../core/format.ts";
import { SOCKET_STATES } from "../core/state-option.ts";
import { sparkline } from "../report/sparkline.ts";
import type { StateCountsRow } from "../report/states.ts";
import { formatCount } from "./sockets-at.ts";
import { type Column, tableLines } from "./table.ts";

/** Pairs of service and state in the table for people, the highest peaks; the JSON has all. */
const MAX_COURSES = 50;
/** Characters of a course. */
const COURSE_WIDTH = 40;

/** One state of one service and its clients, over time. */
interface Course {
  local: string;
  remote: string;
  state: StateName;
  peak: number;
  peakAt: string;
  /** At the last step. */
  last: number;
  lastStep: number;
  /** The highest of each part of the time. */
  parts: number[];
}

/** `steps` is gone through twice: for the states there are and how many steps, then for the lines. */
export function* countLines(
  steps: Iterable<StateCountsRow>,
  { summary, unicode }: { summary: boolean; unicode: boolean },
): Iterable<string> {
  const occurring = new Set<string>();
  let stepCount = 0;
  let first = "";
  let last = "";
  for (const { time, counts } of steps) {
    if (stepCount++ === 0) first = time;
    last = time;
    for (const state in counts) occurring.add(state);
  }
  if (occurring.size === 0) {
    yield "no socket at any of these moments\n";
    return;
  }
  yield `${formatSpan(first, last)}, ${count(stepCount, "moment")}\n\n`;
  const states = SOCKET_STATES.filter((state) => occurring.has(state));
  const courses = new Courses(stepCount);
  function* followed(): Iterable<StateCountsRow> {
    for (const step of steps) {
      courses.follow(step);
      yield step;
    }
  }
  const lines = tableLines(
    [
      { title: "TIME", value: (s: StateCountsRow) => formatTime(s.time, dayOf(first)) },
      ...states.map((state) => ({
        title: state,
        value: (s: StateCountsRow) => formatCount(s.counts[state]),
        right: true,
      })),
    ],
    followed(),
  );
  // Without the lines, the courses still need every step.
  for (const line of lines) if (!summary) yield line;
  if (!summary) yield "\n";

  const highest = courses.highestFirst();
  yield* tableLines(courseColumns(stepCount, dayOf(first), unicode), highest.slice(0, MAX_COURSES));
  if (highest.length > MAX_COURSES) yield `and ${count(highest.length - MAX_COURSES, "more line")} with lower peaks\n`;
}

/** Steps that are one character of a course. */
const perPart = (stepCount: number): number => Math.ceil(stepCount / COURSE_WIDTH);

class Courses {
  private all = new Map<string, Course>();
  private step = 0;
  private perPart: number;

  constructor(stepCount: number) {
    this.perPart = perPart(stepCount);
  }

  follow({ time, by_endpoint }: StateCountsRow): void {
    const part = Math.floor(this.step / this.perPart);
    for (const { local, remote, counts } of by_endpoint) {
      for (const state of Object.keys(counts) as StateName[]) {
        const course = this.of(formatEndpoint(local), formatEndpoint(remote), state);
        const n = counts[state]!;
        if (n > course.peak) Object.assign(course, { peak: n, peakAt: time });
        course.parts[part] = Math.max(course.parts[part] ?? 0, n);
        course.last = n;
        course.lastStep = this.step;
      }
    }
    this.step++;
  }

  highestFirst(): Course[] {
    return [...this.all.values()].sort((a, b) => b.peak - a.peak || (a.local < b.local ? -1 : 1));
  }

  private of(local: string, remote: string, state: StateName): Course {
    const name = `${local} ${remote} ${state}`;
    let course = this.all.get(name);
    if (course === undefined) {
      course = { local, remote, state, peak: 0, peakAt: "", last: 0, lastStep: -1, parts: [] };
      this.all.set(name, course);
    }
    return course;
  }
}

function courseColumns(stepCount: number, day: string, unicode: boolean): Column<Course>[] {
  const parts = Math.ceil(stepCount / perPart(stepCount));
  return [
    { title: "STATE", value: (c) => c.state },
    { title: "LOCAL", value: (c) => c.local },
    { title: "REMOTE", value: (c) => c.remote },
    { title: "PEAK", value: (c) => formatNumber(c.peak), right: true },
    { title: "AT", value: (c) => formatTime(c.peakAt, day) },
    { title: "AT END", value: (c) => formatNumber(c.lastStep === stepCount - 1 ? c.last : 0), right: true },
    {
      title: "OVER TIME",
      value: (c) =>
        sparkline(
          Array.from({ length: parts }, (_, n) => c.parts[n] ?? 0),
          COURSE_WIDTH,
          unicode,
        ).line,
    },
  ];
}
