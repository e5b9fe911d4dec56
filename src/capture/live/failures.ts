// What is said, and what is advised, when an engine cannot capture or ends by itself?

import { visible } from "../../core/escape.ts";
import { CaptureError } from "../source.ts";
import type { Ended } from "./child-process.ts";
import { type Complaint, complaintOf } from "./complaints.ts";
import { EngineUnusable, type LiveRequest } from "./engine.ts";
import { interfaceNames } from "./interface-names.ts";

/** More names do not help in one line. */
const MAX_NAMES = 12;

/** How each program is called, installed, and given the rights to capture. */
export interface EngineFacts {
  readonly name: string;
  readonly installed: string;
  readonly permission: string;
}

/** Names those that there are. */
export async function noSuchInterface(where: string): Promise<CaptureError> {
  const names = await interfaceNames();
  const shown = ["any", ...names.slice(0, MAX_NAMES)].map(visible).join(", ");
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  const message = `there is no such interface: ${visible(where)}; there are: ${shown}${more} (see: halfclose interfaces)`;
  return new CaptureError(message, { code: "no-such-interface", path: where });
}

/** For an engine that ended before it captured: what to throw. */
export async function startFailure(facts: EngineFacts, request: LiveRequest, ended: Ended): Promise<Error> {
  const complaint = complaintOf(ended.lines);
  const where = request.interfaces.map(visible).join(", ");
  const unusable = (reason: string, remedy: string | null): Error =>
    new EngineUnusable({ engine: facts.name, reason, remedy });
  switch (complaint?.kind) {
    case "no-such-interface":
      return noSuchInterface(where);
    case "interface-down": {
      const message = `the interface is down: ${where}; bring it up: ip link set ${where} up`;
      return new CaptureError(message, { code: "interface-down", path: where });
    }
    case "bad-filter": {
      const message = `${facts.name} does not understand the filter (pcap-filter(7)): ${complaint.text}`;
      return new CaptureError(message, { code: "bad-filter", path: where });
    }
    case "no-permission":
      return unusable(`no permission to capture on ${where}`, facts.permission);
    default:
      return unusable(howItEnded(ended, complaint, "before it captured"), null);
  }
}

/** For an engine that ended though nobody asked it to. */
export function endFailure(facts: EngineFacts, request: LiveRequest, ended: Ended): CaptureError {
  const where = request.interfaces.map(visible).join(", ");
  const complaint = complaintOf(ended.lines);
  if (complaint?.kind === "interface-gone" || complaint?.kind === "interface-down") {
    const message = `the interface ${where} went down or away while it was captured (${facts.name}: ${complaint.text})`;
    return new CaptureError(message, { code: "interface-gone", path: where });
  }
  const message = `${facts.name} ${howItEnded(ended, complaint, "by itself")}; what it captured before is kept`;
  return new CaptureError(message, { code: "engine-ended", path: where });
}

function howItEnded({ code, signal }: Ended, complaint: Complaint | null, when: string): string {
  const how = signal !== null ? `ended ${when} (${signal})` : `ended ${when} (exit code ${code ?? "none"})`;
  return complaint === null ? how : `${how}: ${complaint.text}`;
}

export const notInstalled = ({ name, installed }: EngineFacts): EngineUnusable =>
  new EngineUnusable({ engine: name, reason: "is not installed", remedy: installed });

export const notAllowed = ({ name, permission }: EngineFacts, path: string): EngineUnusable =>
  new EngineUnusable({ engine: name, reason: `this user may not run ${visible(path)}`, remedy: permission });

export const oneInterfaceOnly = ({ name }: EngineFacts, request: LiveRequest): EngineUnusable =>
  new EngineUnusable({
    engine: name,
    reason: `captures one interface, not ${request.interfaces.length}`,
    remedy: "-i any takes all of them, or install dumpcap (package wireshark-common)",
  });

export const silent = ({ name }: EngineFacts): EngineUnusable =>
  new EngineUnusable({ engine: name, reason: "did not begin to capture within 20 s, and was ended", remedy: null });
