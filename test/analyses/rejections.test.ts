// Is a server that accepts and then refuses in words told, by what it said? Packets of MySQL, counts by hand.

import { describe, expect, it } from "vitest";
import { bareErr } from "../decoders/mysql-script.ts";
import { OPEN } from "../flow/packet-script.ts";
import { each, findings, merge } from "./timeline.ts";

const quoted = (bytes: number[]): string =>
  bytes
    .map((b) =>
      b >= 0x20 && b < 0x7f && b !== 0x27 && b !== 0x5c
        ? String.fromCharCode(b)
        : `\\x${b.toString(16).padStart(2, "0")}`,
    )
    .join("");
const full = `${OPEN} s '${quoted(bareErr(1040, "Too many connections"))}'\n s FIN ACK\n c FIN ACK\n s ACK`;
const denied = `${OPEN} s '${quoted(bareErr(1130, "Host is not allowed to connect"))}'\n s FIN ACK\n c FIN ACK\n s ACK`;
const refused = (text: string) => findings("refused-connections", text);

describe("a server that turns connections away", () => {
  it("has no place left", () => {
    expect(refused(merge(each(4, 100, full)))).toMatchObject([
      {
        severity: "high",
        count: 4,
        title: "10.0.0.2:80 turned away 4 connections of 10.0.0.1: 1040",
        subject: { holder: { address: "10.0.0.2", port: 80 }, peer: { address: "10.0.0.1" } },
        metrics: { kind: "turned-away", code: "1040", protocol: "mysql" },
      },
    ]);
  });
  it("refuses one for another reason: a note; several: a finding", () => {
    expect(refused(denied)).toMatchObject([{ severity: "info", count: 1 }]);
    expect(refused(merge(each(3, 100, denied)))).toMatchObject([{ severity: "medium", count: 3 }]);
  });
});
