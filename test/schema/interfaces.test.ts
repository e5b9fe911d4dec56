// Does `halfclose interfaces --json` keep to its schema, on the machine that runs the tests and on made-up ones?

import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
const validate = ajv.compile(
  JSON.parse(readFileSync(new URL("../../schema/interfaces.schema.json", import.meta.url), "utf8")),
);

const interfaces = (...args: string[]): ReturnType<typeof runCli> => runCli(["interfaces", ...args]);

const check = (value: unknown): void => {
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
};

const service = {
  local: { address: "*", port: 8080 },
  families: ["IPv4", "IPv6"],
  device: null,
  processes: [{ pid: 5, name: "java" }],
  capture: [{ interface: "lo", callers: "here", connections: 0, command: "halfclose capture -i lo -w DIR" }],
  hints: [],
};
const made = {
  schema: "halfclose.interfaces/1",
  system: "linux",
  asked: "8080",
  services: [service],
  way: null,
  interfaces: [],
  namespaces: [],
  engines: [{ engine: "cap", usable: false, because: "not installed", remedy: "npm install cap" }],
  remarks: [],
};

test("of this machine: one object, in one line", async () => {
  const { code, stdout } = await interfaces("--json");
  expect(code).toBe(0);
  expect(stdout.indexOf("\n")).toBe(stdout.length - 1);
  const value = JSON.parse(stdout);
  check(value);
  expect(value.interfaces.length).toBeGreaterThan(0);
});

test("a port at which nobody listens: no service, and exit code 3", async () => {
  const { code, stdout, stderr } = await interfaces("--json", "[::1]:1");
  expect(code).toBe(3);
  const value = JSON.parse(stdout);
  check(value);
  expect(value.services).toEqual([]);
  expect(stderr).toMatch(/^halfclose: \[::1\]:1: no such service listens here/);
});

test("for people: no line is wider than the terminal, but for commands", async () => {
  const { stdout } = await interfaces();
  const wide = stdout.split("\n").filter((line) => line.length > 80 && !line.includes(" capture "));
  expect(wide).toEqual([]);
});

describe("the schema is strict", () => {
  test("a made-up object is valid", () => check(made));
  test("a way to another machine is valid", () =>
    check({
      ...made,
      services: [],
      way: { address: "192.0.2.9", interface: "eth0", command: "halfclose capture -i eth0 -w DIR" },
    }));
  test.each([
    ["an unknown field", { ...made, extra: 1 }],
    ["another version", { ...made, schema: "halfclose.interfaces/2" }],
    ["a family that is none", { ...made, services: [{ ...service, families: ["IPv5"] }] }],
    [
      "a caller that is neither here nor elsewhere",
      { ...made, services: [{ ...service, capture: [{ ...service.capture[0], callers: "x" }] }] },
    ],
    ["a port that is none", { ...made, services: [{ ...service, local: { address: "*", port: 0 } }] }],
    ["no remarks", { ...made, remarks: undefined }],
  ])("%s is refused", (_, value) => expect(validate(JSON.parse(JSON.stringify(value)))).toBe(false));
});
