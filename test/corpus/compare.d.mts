// What does compare.mjs offer to tests in TypeScript?

import type { analyze } from "../../src/analyze.ts";
import type { FlowNotes } from "../../src/core/flow-view.ts";
import type { ReportExchange, ReportFlow } from "../../src/core/report.ts";

export interface Comparison {
  readonly commands: number;
  readonly responses: number;
  readonly unread: number;
  readonly differences: readonly string[];
}

export interface Streams {
  readonly flows: readonly ReportFlow[];
  readonly exchanges: readonly ReportExchange[];
  readonly notes: readonly (FlowNotes | null | undefined)[];
}

export declare function readStreams(path: string, program: typeof analyze): Promise<Streams>;
export declare function hasStreams(ours: Streams): boolean;
export declare function compareStreams(path: string, ours: Streams): Promise<Map<string, Comparison>>;
