// With which commands does a reader get every figure of the page again?

import type { PictureKind } from "../page-picture.ts";
import { commandLine, fileStem, filtersByFile, placeholderSentence } from "../reproduction.ts";
import { citedOf } from "../sentences.ts";
import { mainFinding } from "./html-answer.ts";
import { codeLine } from "./html-evidence.ts";
import type { PageFacts } from "./html-facts.ts";
import { type Html, html } from "./html-markup.ts";

interface Step {
  what: string;
  command: string;
}

export function reproduceSection(facts: PageFacts): Html {
  const { how, report } = facts;
  const notes = [placeholderSentence(how), how.note].filter((note) => note !== null);
  return html`<section id="reproduce" aria-labelledby="reproduce-heading"><h2 id="reproduce-heading">How to reproduce every figure</h2>
<p>halfclose ${report.version} wrote this page; the same version gives the same figures. Frame numbers are Wireshark’s, times are UTC. The lines are quoted for bash, zsh and other shells of POSIX.</p>
${notes.map((note) => html`<p class="note">${note}</p>`)}
${steps(facts).map(({ what, command }) => html`<p class="lead-in">${what}:</p>${codeLine(command, "command")}`)}
</section>`;
}

function steps(facts: PageFacts): Step[] {
  const { how, report, pictures, span } = facts;
  const out: Step[] = [
    { what: "The answer, on a terminal", command: commandLine(how, "analyze") },
    { what: "Every figure, for a program", command: commandLine(how, "analyze", ["--format", "json"]) },
    { what: "This page", command: commandLine(how, "analyze", ["-o", "report.html"]) },
  ];
  const kinds: Exclude<PictureKind, "ladder">[] = ["states", "exchanges", "ports", "topology"];
  for (const kind of kinds) {
    if (!pictures.some((p) => p.kind === kind)) continue;
    out.push({
      what: `The picture of ${PICTURES[kind]}`,
      command: commandLine(how, ["diagram", kind], ["-o", `${kind}.svg`]),
    });
  }
  const main = mainFinding(facts);
  if (main !== null && main.evidence.length > 0) {
    const stem = fileStem(main.id);
    out.push(
      {
        what: "The packets of a finding as a picture, by the finding’s id",
        command: commandLine(how, ["diagram", "ladder"], ["--finding", main.id, "-o", `${stem}.svg`]),
      },
      {
        what: "The packets of a finding as a file for Wireshark",
        command: commandLine(how, "extract", ["--finding", main.id, "-o", `${stem}.pcapng`]),
      },
    );
    const filter = filtersByFile(citedOf(main), report)[0];
    if (filter !== undefined) out.push({ what: "The same packets, by tshark", command: filter.tshark });
  }
  out.push(
    { what: "Connections, one a line", command: commandLine(how, "flows") },
    { what: "Requests and their answers, one a line", command: commandLine(how, "exchanges") },
  );
  const at = main?.onset ?? span?.to;
  if (at !== undefined) {
    out.push({ what: "Sockets as netstat would have shown them", command: commandLine(how, "states", ["--at", at]) });
  }
  return out;
}

const PICTURES = {
  states: "socket states over time",
  exchanges: "requests over time",
  ports: "ports in use",
  topology: "services",
} as const;
