// Which engine captures, and why this one?
//
// In order: dumpcap (several interfaces, pcapng), tcpdump (drop counts while it runs), cap (no program needed, but times of this program). A filter
// or an interface that one does not know, no other would know either.

import { CaptureError } from "../source.ts";
import { cap } from "./cap.ts";
import { dumpcap } from "./dumpcap.ts";
import { type Engine, EngineUnusable, type LiveCapture, type LiveRequest, type Unusable } from "./engine.ts";
import { noSuchInterface } from "./failures.ts";
import { DEFAULT_FILTERS, defaultFilter } from "./filter.ts";
import { tcpdump } from "./tcpdump.ts";

export { defaultFilter };

const ENGINES: readonly Engine[] = [dumpcap, tcpdump, cap];

export interface Chosen {
  readonly capture: LiveCapture;
  /** One sentence. */
  readonly why: string;
  readonly passedOver: readonly Unusable[];
  /** In force: the one asked for, or what the default filter fell back to. */
  readonly filter: string;
  /** What the default filter had to leave out, one sentence; null otherwise. */
  readonly filterRemark: string | null;
}

/**
 * Starts the engine asked for, or the first that can. Throws a {@link CaptureError} of one line: "bad-filter", "no-such-interface",
 * "interface-down", or "no-engine" with each engine's reason and remedy.
 */
export async function startCapture(
  request: LiveRequest,
  engine: "auto" | Engine["name"],
  engines: readonly Engine[] = ENGINES,
): Promise<Chosen> {
  for (const name of request.interfaces) if (!canBeInterface(name)) throw await noSuchInterface(name);
  const passedOver: Unusable[] = [];
  for (const candidate of engines) {
    if (engine !== "auto" && candidate.name !== engine) continue;
    try {
      const started = await startWithFilter(candidate, request);
      return { ...started, why: whyChosen(candidate.name, engine, passedOver), passedOver };
    } catch (error) {
      if (!(error instanceof EngineUnusable)) throw error;
      passedOver.push(error.why);
    }
  }
  throw new CaptureError(noEngine(passedOver), { code: "no-engine", path: request.interfaces.join(", ") });
}

/** dumpcap takes pipes, sockets and standard input for interfaces as well ("-", "/…", "TCP@…"): nothing of that is meant here. */
const canBeInterface = (name: string): boolean =>
  name !== "" && !/^-|^TCP@/i.test(name) && !(name.includes("/") && process.platform !== "win32");

type Started = Pick<Chosen, "capture" | "filter" | "filterRemark">;

/** The default filter gives way to what the link type knows. */
async function startWithFilter(engine: Engine, request: LiveRequest): Promise<Started> {
  if (request.filter !== defaultFilter()) {
    return { capture: await engine.start(request), filter: request.filter, filterRemark: null };
  }
  let refused: unknown;
  for (const { filter, without } of DEFAULT_FILTERS) {
    try {
      const capture = await engine.start({ ...request, filter });
      return {
        capture,
        filter,
        filterRemark: without === "" ? null : `The default filter was made to fit: ${without}.`,
      };
    } catch (error) {
      if (!(error instanceof CaptureError) || error.code !== "bad-filter") throw error;
      refused = error;
    }
  }
  throw refused;
}

function whyChosen(name: string, asked: string, passedOver: readonly Unusable[]): string {
  if (asked !== "auto") return `${name}, as asked for.`;
  if (passedOver.length === 0) return `${name}, the first choice.`;
  return `${name}, for ${passedOver.map(({ engine, reason }) => `${engine}: ${reason}`).join("; ")}.`;
}

function noEngine(passedOver: readonly Unusable[]): string {
  const each = passedOver.map(
    ({ engine, reason, remedy }) => `${engine}: ${reason}${remedy === null ? "" : ` (${remedy})`}`,
  );
  return `no engine can capture: ${each.join("; ")}`;
}
