// Where are the samples? HALFCLOSE_SAMPLES names another folder of recordings, so that CI checks fresh ones the same way.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Endpoint } from "../../src/core/address.ts";

const committed = fileURLToPath(new URL("../../samples", import.meta.url));
export const samplesFolder = process.env.HALFCLOSE_SAMPLES ?? committed;
export const isCommitted = samplesFolder === committed;

/** The fields of truth.json that the tests read (samples/README.md); each scenario has those that it needs. */
export interface Truth {
  services?: {
    name: string;
    server: Endpoint;
    connections: number;
    requests: number;
    answered: number;
    unanswered: number;
    statuses: Record<string, number>;
    half_closed_at_end: number;
  }[];
  connections?: {
    name: string;
    client: Endpoint;
    server: Endpoint;
    closed_first: string | null;
    ending: string;
    exchanges: { method: string; target: string; status: number | null; outcome: string; request_captured?: boolean }[];
  }[];
  proxy?: { gave_up_after_s: number };
  service?: { requests: number; unanswered: number; first_hang_at: string };
  client?: { unanswered_ids: string[] };
  kernel: { service_close_wait: number; service_close_wait_ports: number[] };
}

export interface Sample {
  name: string;
  capture: string;
  truth: Truth;
}

export const samples: Sample[] = readdirSync(samplesFolder, { withFileTypes: true })
  .filter((d) => d.isDirectory() && existsSync(join(samplesFolder, d.name, "truth.json")))
  .map((d) => {
    const folder = join(samplesFolder, d.name);
    const plain = join(folder, "capture.pcap");
    return {
      name: d.name,
      capture: existsSync(plain) ? plain : `${plain}.gz`,
      truth: JSON.parse(readFileSync(join(folder, "truth.json"), "utf8")),
    };
  });
