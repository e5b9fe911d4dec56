// Is a broken frame told with its sender and place, and a sound stream with a count? Offsets, frames and counts by hand.

import { describe, expect, it } from "vitest";
import { brokenFraming } from "../../analyses/broken-framing.ts";
import { analyze } from "../../src/analyze.ts";
import type { Analysis, AnalysisResult } from "../../src/core/analysis.ts";
import type { CaptureView } from "../../src/core/flow-view.ts";
import { OPEN, pcap, segments } from "../flow/packet-script.ts";

const FORMAT = "port=80,length=u8,max=100";
const SERVICE = { address: "10.0.0.2", port: 80 };

/** A frame of `n` bytes behind its length of one byte, as the packet script has it; lengths below 100 are right. */
const frames = (...lengths: number[]): string =>
  `'${lengths.map((n) => String.fromCharCode(n) + "a".repeat(n)).join("")}'`;
const WRONG = "'zaaaa'"; // z is 122, and the limit 100

/** What the analysis says of captures whose framing was described; the second one's service is on port 81. */
async function run(texts: string[], options: string[] = [FORMAT]): Promise<AnalysisResult> {
  let view: CaptureView | undefined;
  const spy: Analysis = {
    id: "spy",
    title: "",
    question: "",
    why: "",
    run(v) {
      view = v;
      return { kind: "clear", because: "" };
    },
  };
  const captures = texts.map((text, n) => onPort(pcap(segments(text)), 80 + n));
  await analyze(captures, { frames: options, analyses: [spy], only: ["spy"] });
  return brokenFraming.run(view!);
}

/** A capture whose server's port is another one. */
function onPort(file: Uint8Array, port: number): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 24; at < file.length; at += 16 + view.getUint32(at + 8, true)) {
    for (const ports of [at + 36, at + 38]) if (view.getUint16(ports) === 80) view.setUint16(ports, port);
  }
  return file;
}

const found = async (...texts: string[]) => {
  const result = await run(texts, [FORMAT, "port=81,length=u8,max=100"]);
  return result.kind === "found" ? result.findings : [];
};

describe("broken-framing", () => {
  it("tells the sender, the frame and the offset", async () => {
    const [f, ...more] = await found(`${OPEN} c ${frames(11, 20)}\n s ${frames(2)}\n c ${frames(5)}\n c ${WRONG}`);
    expect(more).toEqual([]);
    expect(f).toMatchObject({
      severity: "high",
      title: "1 frame from 10.0.0.1 to 10.0.0.2:80 cannot be what it says",
      subject: { holder: { address: "10.0.0.1" }, peer: SERVICE },
      count: 1,
      metrics: { kind: "broken", offset: 39, what: "length 122 is above the limit of 100", intact: 4, connections: 1 },
      evidence: [{ flow: 0, frames: [7], note: "39 bytes into the stream: length 122 is above the limit of 100" }],
    });
    expect(f!.onset).toBe(0.6e6);
    expect(f!.summary).toContain("39 bytes into what it sent: length 122 is above the limit of 100");
    expect(f!.summary).toContain("the fault is 10.0.0.1's, not its receiver's");
  });

  it("of a service: its port is told", async () => {
    const [f] = await found(`${OPEN} c ${frames(1)}\n s ${frames(3)}\n s ${WRONG}`);
    expect(f).toMatchObject({ subject: { holder: SERVICE, peer: { address: "10.0.0.1" } }, metrics: { offset: 4 } });
  });

  it("puts connections of one sender together, and cut frames apart", async () => {
    const one = `c ${frames(4)} port=40000\n c ${WRONG} port=40000`;
    const two = `c SYN port=40001\n s SYN ACK port=40001\n c ACK port=40001\n c ${frames(4)} port=40001\n c ${WRONG} port=40001`;
    const cut = `c SYN port=40002\n s SYN ACK port=40002\n c ACK port=40002\n c '\u0009abc' port=40002\n c FIN ACK port=40002`;
    const list = await found(`${OPEN} ${one}\n ${two}\n ${cut}`);
    expect(list.map((f) => [f.severity, f.count, f.metrics.kind, f.metrics.connections])).toEqual([
      ["high", 2, "broken", 2],
      ["low", 1, "cut", 1],
    ]);
    expect(list[1]).toMatchObject({ metrics: { what: "the stream ended 6 bytes before the frame did" } });
  });

  it("names the service whose frames were all intact", async () => {
    const [f] = await found(`${OPEN} c ${frames(4)}\n c ${WRONG}`, `${OPEN} c ${frames(4, 5)}\n s ${frames(6)}`);
    expect(f!.summary).toContain(
      "Of 10.0.0.2:81 all 3 frames were intact (2 to the service, 1 from it): what fails there lies behind the receiver's read.",
    );
  });

  it("sound frames, cut and joined, are a clean bill with their count", async () => {
    const text = `${OPEN} c '\u0004a'\n c 'bcd'\n c ${frames(1, 0, 7)}\n s ${frames(9)}\n c FIN ACK\n s FIN ACK\n c ACK`;
    expect(await run([text])).toEqual({
      kind: "clear",
      because:
        "5 frames intact on the wire (4 to the service, 1 from it) in 1 connection, so the fault, if there is one, lies behind the receiver's read",
    });
  });

  it("nothing was described, or nothing is there", async () => {
    const because = "no connection was read as frames (describe them with --frame 'port=7000,length=u32be,header=8')";
    const text = `${OPEN} c ${frames(4)}`;
    expect(await run([text], [])).toEqual({ kind: "clear", because });
    expect(await run([text], ["port=7000,length=u8"])).toEqual({ kind: "clear", because });
  });

  it("where not one frame fits, the description is doubted, not the service", async () => {
    expect(await run([`${OPEN} c ${WRONG}\n s ${WRONG}`])).toEqual({
      kind: "unsure",
      needs: ["10.0.0.2:80: not one frame is as --frame says, from the first byte on; another format, or TLS?"],
    });
  });

  it("a hole is no clean bill, and no broken frame", async () => {
    const text = `${OPEN} c ${frames(4)}\n c ${frames(50)} lost\n s ACK\n c ${frames(5)}\n c ${WRONG}\n s ACK`;
    expect(await run([text])).toMatchObject({
      kind: "unsure",
      needs: [
        expect.stringContaining(
          "10.0.0.2:80: 1 frame intact as far as captured, but bytes are missing in 1 of 1 connection",
        ),
      ],
    });
  });

  it.each([
    ["missing", `${OPEN} c 'zzzz' lost\n c 'zzzz'\n s ACK`],
    ["cut off", `${OPEN} c len=60 cap=0\n c 'zzzz'\n s ACK`],
  ])("a beginning that is %s makes no broken frame", async (_, text) => {
    const result = await run([`${text}\n c FIN ACK\n s FIN ACK\n c ACK`]);
    expect(result).toMatchObject({ needs: [expect.stringContaining("0 frames intact as far as captured")] });
  });

  it("joined midway, a place that cannot be told is said", async () => {
    expect(await run(["c 'zzz'\n s ACK\n c 'yyy'\n s ACK"])).toEqual({
      kind: "unsure",
      needs: ["10.0.0.2:80: no frame's place could be told; a capture from the connections' start, or magic="],
    });
  });
});
