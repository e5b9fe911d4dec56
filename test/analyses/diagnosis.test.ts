// Which finding leads the diagnosis? The cause, where an analysis found it; and not what only follows from it.

import { describe, expect, it } from "vitest";
import { diagnose, type Found } from "../../analyses/diagnosis.ts";
import { analyses } from "../../analyses/index.ts";
import { OPEN, REQUEST, script } from "../flow/packet-script.ts";
import { each, findings, merge } from "./timeline.ts";

const dropped = "c SYN\n +1000 c SYN\n +1000 c SYN\n +1000 c SYN";
/** Accepted by the kernel, never by the process; the client gives up. */
const unserved = `${OPEN} ${REQUEST}\n s ACK\n +3000 c FIN ACK\n s ACK`;

function diagnosisOf(text: string) {
  const found: Found[] = analyses.flatMap(({ id }) =>
    findings(id, text).map((finding, n) => ({ id: `${id}-${n}`, analysis: id, finding })),
  );
  const ran = analyses.map((a) => a.id);
  return { found, diagnosis: diagnose({ found, clear: [], unsure: [], ran }, script(text).view) };
}

describe("the diagnosis", () => {
  it("names the full queue, not the silence that comes of it", () => {
    const { found, diagnosis } = diagnosisOf(
      merge(
        each(8, 10, dropped, 100),
        each(25, 5, unserved).map((e) => ({ ...e, ms: e.ms + 20 })),
      ),
    );
    const severity = (analysis: string) => found.find((f) => f.analysis === analysis)?.finding.severity;
    expect(severity("unanswered-requests")).toBe("critical");
    expect(severity("accept-backlog")).toBe("high");
    expect(diagnosis.summary).toMatch(/^10\.0\.0\.2:80 was alive but let 8 connection attempts/);
  });

  it("names the silence where requests waited before the queue was full", () => {
    const { diagnosis } = diagnosisOf(
      merge(
        each(25, 5, unserved),
        each(8, 10, dropped, 100).map((e) => ({ ...e, ms: e.ms + 900 })),
      ),
    );
    expect(diagnosis.summary).toMatch(/^10\.0\.0\.2:80 stopped answering/);
  });
});
