// Where are the samples? HALFCLOSE_SAMPLES names another folder of recordings, so that CI checks fresh ones the same way.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Endpoint } from "../../src/core/address.ts";
import type { Party } from "../../src/core/analysis.ts";

const committed = fileURLToPath(new URL("../../samples", import.meta.url));
export const samplesFolder = process.env.HALFCLOSE_SAMPLES ?? committed;
export const isCommitted = samplesFolder === committed;

/** The fields of truth.json that the tests read (samples/README.md); each scenario has those that it needs. */
export interface Truth {
  services?: {
    name: string;
    server: Endpoint;
    /** "http" when absent. */
    protocol?: string;
    connections: number;
    requests: number;
    answered: number;
    unanswered: number;
    late?: number;
    pending?: number;
    /** HTTP's. */
    statuses?: Record<string, number>;
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
  client?: { unanswered_ids?: string[] };
  /** What the person on call may know, as options of `analyze`; the findings must be right without, too. */
  options?: { portRange: string };
  half_closed?: {
    holder: Party;
    peer: Party;
    closed_first: string;
    peak: Peak;
    at_end: number;
    ports_at_end: number[];
    growth_per_s: number;
  };
  idle_timeout?: { closer: Party; peer: Party; idle_s: number; requests_per_connection: number };
  time_wait?: { holder: Party; peer: Party; peak: Peak; at_peer: Peak; period_s: number };
  port_exhaustion?: {
    holder: Party;
    peer: Party;
    range: string;
    ports: number;
    exhausted_at: string;
    ports_in_use: number;
    first_free_at?: string;
    healed_at: string | null;
  };
  pools?: {
    name: string;
    server: Endpoint;
    connections: number;
    idle_timeout_s: number;
    server_ends_with: "FIN" | "RST";
    broken: number;
    stale_writes: number;
    pool: { client: Endpoint; broken_at: string | null; kernel_after_idle: string | null }[];
  }[];
  /** Who was to blame, by the applications' logs; `cause` null: nobody. `not`: what must not be called a cause. */
  diagnosis?: { cause: string | null; also_right?: string[]; holder: Party | null; names: string[]; not: string[] };
  pool?: {
    server: Endpoint;
    dry_at: string;
    /** The first samples say `pool_size`, `client` and `last_query_at`. */
    size?: number;
    pool_size?: number;
    connections: {
      client_port?: number;
      client?: Endpoint;
      last_used_at?: string;
      last_query_at?: string;
      leaked_by?: { target: string };
    }[];
  };
  /** A service that answered nothing, or what a lock held back; `until` null: to the end. */
  stall?: { service: Endpoint; from: string; until: string | null; waiting: number };
  slow?: {
    service: Endpoint;
    from: string;
    median_s?: number;
    waited_s?: { during: { p50: number } };
    commands?: number;
  };
  /** A pool that was full and moved: the share of the time of its connections, and how long the database took for a command. */
  overload?: {
    service: Endpoint;
    pool: { server: Endpoint; size: number };
    in_use: number;
    command_s: { before: number; during: number };
  };
  /** Length-prefixed protocols, with the option that describes them, and the frames that their sender logged. */
  framings?: {
    port: number;
    option: string;
    connections: {
      client: Endpoint;
      sent: Record<"client" | "server", { frames: number; bytes: number; broken_at: number | null }>;
    }[];
  }[];
  small_200s?: { service: Endpoint; client: Party; count: number; body_bytes: number; from: string };
  /** What a firewall dropped on each path, and what the kernels sent again. */
  paths?: {
    name: string;
    client: Party;
    server: Endpoint;
    firewall: Record<"to_server" | "to_client", { dropped: number; share: number }>;
    kernel: { server: { retransmitted: number } };
  }[];
  readers?: {
    kind: "healthy" | "paused" | "stopped" | "slow";
    server: Endpoint;
    stops_reading_at: string | null;
    reads_again_at: string | null;
    feed_stood_still_s: { longest: number };
  }[];
  /** Dumps of the host in the folder `dumps`: all but the series were taken between the two snapshots. */
  dumps?: {
    before: { counts: Record<string, number> };
    after: { counts: Record<string, number> };
    service: Endpoint & { process: string; pid: number };
  };
  kernel: {
    service_close_wait: number;
    service_close_wait_ports: number[];
    client?: { retransmitted: number; zero_windows_advertised?: number };
  };
}

/** The most sockets that a snapshot of the kernel shows, and the first that shows so many. */
export interface Peak {
  count: number;
  at: string | null;
}

/** One line of ss.jsonl: what the kernel said between `at` and `until`. */
export interface Snapshot {
  at: string;
  /** Recordings from before it was noted have none. */
  until?: string;
  /** Absent where everything happened in one. */
  namespace?: "client" | "server";
  sockets: { state: string; local: string; remote: string }[];
}

export interface Sample {
  name: string;
  capture: string;
  truth: Truth;
  /** Null where the kernel was not asked all the time. */
  snapshots: (() => Snapshot[]) | null;
}

export const samples: Sample[] = readdirSync(samplesFolder, { withFileTypes: true })
  .filter((d) => d.isDirectory() && existsSync(join(samplesFolder, d.name, "truth.json")))
  .map((d) => {
    const folder = join(samplesFolder, d.name);
    const plain = join(folder, "capture.pcap");
    const ss = join(folder, "ss.jsonl.gz");
    return {
      name: d.name,
      capture: existsSync(plain) ? plain : `${plain}.gz`,
      truth: JSON.parse(readFileSync(join(folder, "truth.json"), "utf8")),
      snapshots: existsSync(ss) ? () => readLines(ss) : null,
    };
  });

function readLines(path: string): Snapshot[] {
  return gunzipSync(readFileSync(path))
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
