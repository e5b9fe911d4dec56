// What does the PostgreSQL decoder make of a dialogue of which bytes are missing, or that was joined midway?

import { describe, expect, it } from "vitest";
import { b, bytes, c, f, lines, opened, run, s, startup } from "./postgres-script.ts";
import { gap, type Step } from "./recorder.ts";

const talk = (...steps: Step[]) => lines(run([...opened, ...steps]));
const query = (sql: string) => c(f.query(sql));
const result = [b.columns("a"), b.row("1"), b.tag("SELECT 1"), b.ready()];
const extended = [f.bind("", "s1"), f.execute(), f.sync];

describe("joined midway", () => {
  it("finds the client by its query, and the server by its answer", () => {
    expect(lines(run([query("SELECT 1"), s(...result), query("SELECT 2"), s(...result)]))).toEqual([
      "QUERY SELECT 1 #1. > #2. idle",
      "QUERY SELECT 2 #3. > #4. idle",
    ]);
  });

  it("finds the client by the server's answer, which nobody asked for", () => {
    expect(lines(run([s(...result), query("SELECT 2"), s(...result)]))).toEqual([
      "? > #1. idle",
      "QUERY SELECT 2 #2. > #3. idle",
    ]);
  });

  it("takes each command's end for an answer of its own in the extended protocol", () => {
    expect(
      lines(run([s(b.bound, b.row("1"), b.tag("SELECT 1"), b.bound, b.row("2"), b.tag("SELECT 1"), b.ready())])),
    ).toEqual(["? > #1.", "? > #1. idle"]);
  });

  it("starts behind the middle of a row", () => {
    expect(lines(run([s(bytes("ow of text", 0, 0)), query("SELECT 2"), s(...result)]))).toEqual([
      "QUERY SELECT 2 #2. > #3. idle",
    ]);
  });

  it("remarks a FATAL error that comes first", () => {
    const r = run([s(b.error("57P05", "idle", "FATAL"))]);
    expect(r.remarks.map((x) => [x.side, x.code])).toEqual([[1, "57P05"]]);
    expect(r.exchanges).toEqual([]);
  });

  it("is read when the client is the second to speak, too", () => {
    expect(
      run([
        { side: 1, bytes: startup() },
        { side: 0, bytes: bytes(b.authOk, b.ready()) },
      ]).labels.get("user"),
    ).toBe("app");
  });
});

describe("answers missing", () => {
  it("are doubted, and the next one is paired with its own question", () => {
    expect(talk(query("SELECT 1"), gap(1, 40), query("SELECT 2"), s(...result))).toEqual([
      "QUERY SELECT 1 #3. > - (gap)",
      "QUERY SELECT 2 #4. > #5. idle",
    ]);
  });

  // The doubt of an answered one is that of before its answer: the flow takes it back.
  it("found out only with the next answer change nothing", () => {
    expect(
      talk(query("SELECT 1"), query("SELECT 2"), gap(1, 40), s(...result), query("SELECT 3"), s(...result)),
    ).toEqual(["QUERY SELECT 1 #3. > - (gap)", "QUERY SELECT 2 #4. > #5. idle (gap)", "QUERY SELECT 3 #6. > #7. idle"]);
  });

  it("within a row are stepped over", () => {
    const row = b.row("x".repeat(100));
    const answer = bytes(b.columns("a"), row.subarray(0, 20));
    expect(
      talk(query("SELECT 1"), { side: 1, bytes: answer }, gap(1, row.length - 20), s(b.tag("SELECT 1"), b.ready())),
    ).toEqual(["QUERY SELECT 1 #3. > #4. idle"]);
  });

  it("may be cut by the snap length, and are known by their beginning", () => {
    const error = b.error("42P01", `relation "${"x".repeat(300)}" does not exist`);
    expect(
      talk(query("SELECT 1"), { side: 1, bytes: error.subarray(0, 60) }, gap(1, error.length - 54, "snap")),
    ).toEqual(["QUERY SELECT 1 #3. > #4 42P01"]);
  });
});

describe("requests missing", () => {
  it("leave an answer without a question", () => {
    expect(talk(query("SELECT 1"), s(...result), gap(0, 14), s(...result), query("SELECT 3"), s(...result))).toEqual([
      "QUERY SELECT 1 #3. > #4. idle",
      "? > #5. idle",
      "QUERY SELECT 3 #6. > #7. idle",
    ]);
  });

  it("told late, behind a hole, are in doubt", () => {
    const r = run([...opened, gap(0, 14), s(...result)]);
    expect(lines(r)).toEqual(["? > #3. idle"]);
  });

  it("may have held the Sync", () => {
    expect(
      talk(
        c(f.parse("s1", "SELECT 1"), f.bind("", "s1"), f.execute()),
        gap(0, 5),
        s(b.parsed, b.bound, ...result.slice(1)),
        c(...extended),
        s(b.bound, ...result.slice(1)),
      ),
    ).toEqual(["EXECUTE SELECT 1 #3 > #4. idle", "EXECUTE SELECT 1 #5. > #6. idle"]);
  });

  it("may have held the Execute", () => {
    expect(
      talk(
        c(f.parse("s1", "SELECT 1"), f.bind("", "s1")),
        gap(0, 15),
        s(b.parsed, b.bound, ...result.slice(1)),
        c(...extended),
        s(b.bound, ...result.slice(1)),
      ),
    ).toEqual(["EXECUTE SELECT 1 #3 > #4. idle", "EXECUTE SELECT 1 #5. > #6. idle"]);
  });

  it("are requests, as far as the snap length left them", () => {
    const long = f.query(`SELECT '${"x".repeat(500)}'`);
    const [asked] = talk({ side: 0, bytes: long.subarray(0, 30) }, gap(0, long.length - 30, "snap"), s(...result));
    expect(asked).toBe(`QUERY SELECT '${"x".repeat(17)} #3. > #4. idle`);
  });

  it("forget what the unnamed statement was", () => {
    const r = talk(
      c(f.parse("", "SELECT 1"), f.sync),
      s(b.parsed, b.ready()),
      gap(0, 30),
      c(f.bind("", ""), f.execute(), f.sync),
    );
    expect(r.at(-1)).toBe("EXECUTE unnamed statement #5. > -");
  });
});

it("goes on after an end that was none", () => {
  expect(talk({ side: 1, end: "reset" }, query("SELECT 1"), s(...result))).toEqual(["QUERY SELECT 1 #3. > #4. idle"]);
});
