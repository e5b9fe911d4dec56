// Which ladders are drawn in tests? Two written down by hand from what tshark shows of a sample, and crafted ones.
//
// samples/leaked-pool, tshark's tcp.stream 111 (the service never answers and never closes) with the request on whose behalf it is
// asked (stream 7) and the database connection that was leaked last (stream 108); samples/refused-and-unanswered, client ports
// 41005 (SYN to nobody) and 41018 (late-1).

import type { LadderPicture, OmittedRow, SegmentRow, StateSpan } from "../../src/diagram/ladder/ladder-picture.ts";

export const NEVER = Number.POSITIVE_INFINITY;
const US = 1000;

export const segment = (
  [frame, us, leg, from, to]: [number, number, number, number, number],
  flags: string,
  [seq, ack, length]: [number, number | null, number],
  more: Partial<SegmentRow> = {},
): SegmentRow => ({
  kind: "segment",
  time: us * US,
  leg,
  from,
  to,
  frame,
  flags,
  seq,
  ack,
  length,
  marks: [],
  messages: [],
  note: null,
  ...more,
});

const span = (
  leg: number,
  lifeline: number,
  state: StateSpan["state"],
  from: number,
  until: number,
  certain = true,
): StateSpan => ({ leg, lifeline, state, from: from * US, until: until * US, certain });

/** Microseconds since 04:25:48.639929, frame 1525. The capture ends 23.760527 s later. */
export const GIVEN_UP: LadderPicture = {
  start: "2026-11-21T04:25:48.639929000Z",
  end: 23_760_527 * US,
  subject: "127.0.0.1:8280 did not answer 130 requests from 127.0.0.1",
  lifelines: [
    { name: "127.0.0.1:34232", role: "client" },
    { name: "127.0.0.1:8280", role: "service" },
  ],
  legs: [{ flow: 111, client: 0, server: 1, protocol: "http" }],
  rows: [
    segment([1525, 0, 0, 0, 1], "SYN", [0, null, 0]),
    segment([1526, 8, 0, 1, 0], "SYN, ACK", [0, 1, 0]),
    segment([1527, 17, 0, 0, 1], "ACK", [1, 1, 0]),
    segment([1528, 37, 0, 0, 1], "PSH, ACK", [1, 1, 94], {
      messages: ["GET /orders/42"],
      note: "unanswered-requests#1: the request",
    }),
    segment([1529, 41, 0, 1, 0], "ACK", [1, 95, 0]),
    segment([1591, 1_001_288, 0, 0, 1], "FIN, ACK", [95, 1, 0], { note: "unanswered-requests#1: given up" }),
    segment([1598, 1_044_836, 0, 1, 0], "ACK", [1, 96, 0]),
  ],
  spans: [
    span(0, 0, "SYN_SENT", 0, 8),
    span(0, 0, "ESTABLISHED", 8, 1_001_288),
    span(0, 0, "FIN_WAIT_1", 1_001_288, 1_044_836),
    span(0, 0, "FIN_WAIT_2", 1_044_836, NEVER),
    span(0, 1, "SYN_RECEIVED", 8, 17),
    span(0, 1, "ESTABLISHED", 17, 1_001_288),
    span(0, 1, "CLOSE_WAIT", 1_001_288, NEVER),
  ],
  waits: [{ leg: 0, name: "GET /orders/42", from: 37 * US, until: 1_001_288 * US, outcome: "unanswered", gaveUp: 0 }],
};

/** The same with the legs beside it: microseconds since 04:25:48.622055, frame 1508. */
const SHIFT = 17_874;
const later = (us: number): number => us + SHIFT;
export const CHAIN: LadderPicture = {
  start: "2026-11-21T04:25:48.622055000Z",
  end: (23_760_527 + SHIFT) * US,
  subject: "127.0.0.1:8280 leaked its pool of 10 connections to 127.0.0.1:3307",
  lifelines: [
    { name: "127.0.0.1:53466", role: "client" },
    { name: "127.0.0.1:8080", role: "service" },
    { name: "127.0.0.1:34232", role: "service, as client" },
    { name: "127.0.0.1:8280", role: "service" },
    { name: "127.0.0.1:56262", role: "service, as client" },
    { name: "127.0.0.1:3307", role: "service" },
  ],
  legs: [
    { flow: 7, client: 0, server: 1, protocol: "http" },
    { flow: 111, client: 2, server: 3, protocol: "http" },
    { flow: 108, client: 4, server: 5, protocol: "mysql" },
  ],
  rows: [
    {
      kind: "omitted",
      time: 0,
      until: 700 * US,
      leg: 0,
      packets: 126,
      bytes: 18_234,
      answered: 31,
    } satisfies OmittedRow,
    segment([1514, 848, 2, 4, 5], "PSH, ACK", [238, 323, 49], {
      messages: ["QUERY SELECT id, amount FROM orders WHERE id = ?"],
    }),
    segment([1515, 1129, 2, 5, 4], "PSH, ACK", [323, 287, 97], { messages: ["OK"] }),
    segment([1516, 1434, 2, 4, 5], "PSH, ACK", [287, 420, 54], {
      messages: ["QUERY SELECT percent FROM coupons WHERE code = ?"],
      note: "pool-starvation#1: last used",
    }),
    segment([1517, 1557, 2, 5, 4], "PSH, ACK", [420, 341, 49], { messages: ["error 1054"] }),
    segment([1524, 17_760, 0, 0, 1], "PSH, ACK", [8182, 16_210, 97], { messages: ["GET /orders/42"] }),
    ...GIVEN_UP.rows.slice(0, 5).map((r) => ({
      ...r,
      time: later(r.time / US) * US,
      leg: 1,
      from: (r as SegmentRow).from + 2,
      to: (r as SegmentRow).to + 2,
    })),
    segment([1536, 42_730, 2, 4, 5], "ACK", [341, 469, 0]),
    segment([1538, 58_666, 0, 1, 0], "ACK", [16_210, 8279, 0]),
    { ...(GIVEN_UP.rows[5] as SegmentRow), time: later(1_001_288) * US, leg: 1, from: 2, to: 3 },
    segment([1592, 1_019_260, 0, 1, 0], "PSH, ACK", [16_210, 8279, 329], { messages: ["504"] }),
    segment([1597, 1_062_706, 0, 0, 1], "ACK", [8279, 16_539, 0]),
    { ...(GIVEN_UP.rows[6] as SegmentRow), time: later(1_044_836) * US, leg: 1, from: 3, to: 2 },
  ],
  spans: [
    span(0, 0, "ESTABLISHED", -NEVER, 20_357_713),
    span(0, 1, "ESTABLISHED", -NEVER, 20_357_713),
    ...GIVEN_UP.spans.map((s) => ({
      ...s,
      leg: 1,
      lifeline: s.lifeline + 2,
      from: s.from + SHIFT * US,
      until: s.until + SHIFT * US,
    })),
    span(2, 4, "ESTABLISHED", -NEVER, NEVER),
    span(2, 5, "ESTABLISHED", -NEVER, NEVER),
  ],
  waits: [
    { leg: 0, name: "GET /orders/42", from: 17_760 * US, until: 1_019_260 * US, outcome: "answered", gaveUp: null },
    {
      leg: 1,
      name: "GET /orders/42",
      from: later(37) * US,
      until: later(1_001_288) * US,
      outcome: "unanswered",
      gaveUp: 2,
    },
    {
      leg: 2,
      name: "QUERY SELECT percent FROM coupons WHERE code = ?",
      from: 1434 * US,
      until: 1557 * US,
      outcome: "answered",
      gaveUp: null,
    },
  ],
};

/** Microseconds since 04:24:30.194613, frame 93; the capture ends at 35.648742. The server's answer meets a socket that is gone. */
export const LATE: LadderPicture = {
  start: "2026-11-21T04:24:30.194613000Z",
  end: 5_454_129 * US,
  subject: "192.0.2.2:8012 answered 3 requests after their requester had gone",
  lifelines: [
    { name: "192.0.2.1:41018", role: "client" },
    { name: "192.0.2.2:8012", role: "service" },
  ],
  legs: [{ flow: 16, client: 0, server: 1, protocol: "http" }],
  rows: [
    segment([93, 0, 0, 0, 1], "SYN", [0, null, 0]),
    segment([94, 24, 0, 1, 0], "SYN, ACK", [0, 1, 0]),
    segment([95, 34, 0, 0, 1], "ACK", [1, 1, 0]),
    segment([96, 292, 0, 0, 1], "PSH, ACK", [1, 1, 72], { messages: ["GET /late-1"] }),
    segment([97, 303, 0, 1, 0], "ACK", [1, 73, 0]),
    segment([207, 1_000_695, 0, 0, 1], "FIN, ACK", [73, 1, 0]),
    segment([231, 1_042_146, 0, 1, 0], "ACK", [1, 74, 0]),
    segment([246, 2_001_891, 0, 1, 0], "PSH, ACK", [1, 74, 157], { messages: ["200"], marks: ["after close"] }),
    segment([247, 2_001_916, 0, 0, 1], "RST", [74, null, 0]),
  ],
  spans: [
    span(0, 0, "SYN_SENT", 0, 24),
    span(0, 0, "ESTABLISHED", 24, 1_000_695),
    span(0, 0, "FIN_WAIT_1", 1_000_695, 1_042_146),
    span(0, 0, "FIN_WAIT_2", 1_042_146, 2_001_916, false),
    span(0, 1, "SYN_RECEIVED", 24, 34),
    span(0, 1, "ESTABLISHED", 34, 1_000_695),
    span(0, 1, "CLOSE_WAIT", 1_000_695, 2_001_916),
  ],
  waits: [{ leg: 0, name: "GET /late-1", from: 292 * US, until: 2_001_891 * US, outcome: "late", gaveUp: 0 }],
};

/** Microseconds since 04:24:29.543817, frame 11. The SYN and its repetitions meet nobody; the client gives up after 4 s, off the wire. */
export const DROPPED: LadderPicture = {
  start: "2026-11-21T04:24:29.543817000Z",
  end: 6_104_925 * US,
  subject: "connection 3",
  lifelines: [
    { name: "192.0.2.1:41005", role: "client" },
    { name: "192.0.2.66:8000", role: "service" },
  ],
  legs: [{ flow: 3, client: 0, server: 1, protocol: "unknown" }],
  rows: [
    segment([11, 0, 0, 0, 1], "SYN", [0, null, 0]),
    segment([162, 1_016_903, 0, 0, 1], "SYN", [0, null, 0], { marks: ["retransmission"] }),
    segment([237, 2_040_891, 0, 0, 1], "SYN", [0, null, 0], { marks: ["retransmission"] }),
    segment([252, 3_064_887, 0, 0, 1], "SYN", [0, null, 0], { marks: ["retransmission"] }),
  ],
  spans: [span(0, 0, "SYN_SENT", 0, 4_000_592, false)],
  waits: [],
};

/** Every text is an attempt to be more than text, and five hundred characters long. */
const HOSTILE = `"><script>alert(1)</script>;%%{init: {}}%%\n# end \`$$x$$\` ]-->|a| style a:#b; click a href \u202e\u0000\x1b[31m 漢字 ${"x".repeat(430)}`;

/** Four legs, sixty rows, every mark, and {@link HOSTILE} in every text. */
export const CRAFTED: LadderPicture = {
  start: "2026-03-01T00:00:00.000000000Z",
  end: 600 * 1e9,
  subject: HOSTILE,
  lifelines: [0, 1, 2, 3, 4, 5, 6, 7].map((n) => ({ name: `${n}${HOSTILE}`, role: HOSTILE })),
  legs: [0, 1, 2, 3].map((n) => ({ flow: n, client: 2 * n, server: 2 * n + 1, protocol: HOSTILE })),
  rows: Array.from({ length: 60 }, (_, n) => {
    const leg = n % 4;
    const back = n % 3 === 0 ? 1 : 0;
    if (n % 11 === 10)
      return {
        kind: "omitted",
        time: n * 3e9,
        until: n * 3e9 + 1,
        leg,
        packets: 412,
        bytes: 1,
        answered: 38,
      } satisfies OmittedRow;
    const marks = (["retransmission", "copy", "out of order", "window 0", "after close", "keep-alive"] as const).slice(
      n % 7,
    );
    return segment(
      [n * 1_000_003, n * 3_000_000, leg, 2 * leg + back, 2 * leg + 1 - back],
      "PSH, ACK",
      [4e9, 4e9, 65_535],
      {
        messages: Array.from({ length: n % 6 }, () => HOSTILE),
        marks: n % 2 === 0 ? marks : [],
        note: n % 5 === 0 ? HOSTILE : null,
        file: `/captures/${"very-".repeat(20)}long-name-${n % 2}.pcap`,
      },
    );
  }),
  spans: [0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [
    span(n >> 1, n, "ESTABLISHED", -NEVER, 30e6),
    span(n >> 1, n, n % 2 === 0 ? "FIN_WAIT_2" : "CLOSE_WAIT", 30e6, 30e6 + n, false),
    span(n >> 1, n, n % 2 === 0 ? "TIME_WAIT" : "LAST_ACK", 30e6 + n, NEVER, n > 3),
  ]),
  waits: Array.from({ length: 12 }, (_, n) => ({
    leg: n % 4,
    name: HOSTILE,
    from: n * 3e9,
    until: n * 7e9,
    outcome: (["answered", "late", "unanswered", "pending", "unknown"] as const)[n % 5]!,
    gaveUp: n % 2 === 0 ? 0 : null,
  })),
};

/** One leg of {@link CRAFTED} as it might come from a connection whose two ends are one socket, and a picture of nothing. */
export const ODD: LadderPicture[] = [
  {
    ...GIVEN_UP,
    legs: [{ flow: 1, client: 1, server: 1, protocol: "unknown" }],
    rows: GIVEN_UP.rows.map((r) => ({ ...r, from: 1, to: 1 })),
  },
  {
    ...GIVEN_UP,
    lifelines: [...GIVEN_UP.lifelines].reverse(),
    legs: [{ flow: 1, client: 1, server: 0, protocol: "http" }],
  },
  {
    start: "2026-03-01T00:00:00.000000000Z",
    end: 0,
    subject: "",
    lifelines: [],
    legs: [],
    rows: [],
    spans: [],
    waits: [],
  },
];
