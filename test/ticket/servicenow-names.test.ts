// Is every address that people copy from a ServiceNow instance understood, and nothing else?

import { describe, expect, it } from "vitest";
import { servicenow } from "../../src/ticket/servicenow.ts";

const ID = "9d385017c611228701d22104cc95c371";
const OTHER = "46d44a16a9fe19810012d100cca80666";
const HOST = "https://dev12345.service-now.com";
const settings = (env: Record<string, string> = {}) => ({ env, homeFile: async () => null });

const recognise = (text: string, env: Record<string, string> = {}) => servicenow.recognise(text, settings(env));

describe("addresses of a record", () => {
  const incident = { server: HOST, parts: { table: "incident", sys_id: ID }, name: `incident ${ID}` };
  it.each([
    `${HOST}/incident.do?sys_id=${ID}`,
    `${HOST}/incident.do?sys_id=${ID}&sysparm_view=&sysparm_record_target=incident`,
    `${HOST}/incident.do?sysparm_view=ess&sys_id=${ID}#activity`,
    `${HOST}/nav_to.do?uri=incident.do?sys_id=${ID}`,
    `${HOST}/nav_to.do?uri=incident.do%3Fsys_id%3D${ID}`,
    `${HOST}/nav_to.do?uri=%2Fincident.do%3Fsys_id%3D${ID}%26sysparm_stack%3Dincident_list.do%3Fsysparm_query%3Dactive%3Dtrue`,
    `${HOST}/now/nav/ui/classic/params/target/incident.do%3Fsys_id%3D${ID}`,
    `${HOST}/now/nav/ui/classic/params/target/incident.do%3Fsys_id%3D${ID}%26sysparm_stack%3D%26sysparm_view%3D`,
    `${HOST}/now/nav/ui/classic/params/target/incident.do%253Fsys_id%253D${ID}`,
    `${HOST}/now/nav/ui/classic/params/target/incident.do?sys_id=${ID}`,
    `${HOST}/now/sow/record/incident/${ID}`,
    `${HOST}/now/nav/ui/sow/record/incident/${ID}`,
    `${HOST}/now/sow/record/incident/${ID}/params/selected-tab-index/1`,
    `${HOST}/now/workspace/agent/record/incident/${ID}`,
    `${HOST}/now/sow/record/problem/${OTHER}/sub/record/incident/${ID}`,
    `${HOST}/sp?id=ticket&is_new_order=true&table=incident&sys_id=${ID}`,
    `${HOST}/esc?id=ticket&sys_id=${ID}&table=incident`,
    `  ${HOST}/incident.do?sys_id=${ID.toUpperCase()} `,
  ])("%s", (text) => {
    expect(recognise(text)).toEqual({ tracker: "servicenow", ...incident });
  });

  it("knows them by what they say, on a host of one's own and on loopback", () => {
    expect(recognise(`https://help.example.com/now/cwf/agent/record/sn_customerservice_case/${ID}`)).toMatchObject({
      server: "https://help.example.com",
      parts: { table: "sn_customerservice_case", sys_id: ID },
    });
    expect(recognise(`http://127.0.0.1:8080/problem.do?sys_id=${ID}`)?.server).toBe("http://127.0.0.1:8080");
  });

  it("takes a number in the query of a form", () => {
    expect(recognise(`${HOST}/incident.do?sysparm_query=number=INC0010023`)).toMatchObject({
      name: "INC0010023",
      parts: { table: "incident", number: "INC0010023" },
    });
    expect(recognise(`${HOST}/task.do?sysparm_query=active%3Dtrue%5Enumber%3Dinc0010023`)?.parts).toEqual({
      table: "task",
      number: "INC0010023",
    });
  });

  it("leaves out a login and a password", () => {
    expect(recognise(`https://ann:secret@dev12345.service-now.com/incident.do?sys_id=${ID}`)?.server).toBe(HOST);
  });

  it.each([
    HOST,
    `${HOST}/incident_list.do?sysparm_query=number=INC0010023`,
    `${HOST}/now/nav/ui/classic/params/target/incident_list.do`,
    `${HOST}/incident.do?sys_id=-1`,
    `${HOST}/incident.do?sys_id=${ID}0`,
    `${HOST}/now/sow/record/incident/-1`,
    `${HOST}/nav_to.do?uri=%24pa_dashboard.do`,
    `${HOST}/%E0%A4%A`,
  ])("says of %s that it names no record", (text) => {
    expect(() => recognise(text)).toThrow(/names no record.*servicenow:INC0010023/);
  });

  it("says so of the instance that is set, too", () => {
    const env = { SERVICENOW_URL: "https://help.example.com/" };
    expect(() => recognise("https://help.example.com/home", env)).toThrow("names no record");
    expect(recognise("https://help.example.com/home")).toBeNull();
  });
});

describe("short forms", () => {
  const env = { SERVICENOW_INSTANCE: "dev12345" };
  it.each([
    ["servicenow:INC0010023", { table: "incident", number: "INC0010023" }],
    ["ServiceNow:inc0010023", { table: "incident", number: "INC0010023" }],
    ["servicenow:problem/PRB0040001", { table: "problem", number: "PRB0040001" }],
    ["servicenow:u_network_ticket/NET0000123", { table: "u_network_ticket", number: "NET0000123" }],
    ["servicenow:NET0000123", { table: "", number: "NET0000123" }],
    ["servicenow:TASK0000123", { table: "", number: "TASK0000123" }],
    [`servicenow:incident/${ID}`, { table: "incident", sys_id: ID }],
    ["INC0010023", { table: "incident", number: "INC0010023" }],
    ["sctask0010023", { table: "sc_task", number: "SCTASK0010023" }],
  ])("%s", (text, parts) => {
    expect(recognise(text, env)).toMatchObject({ server: HOST, parts });
  });

  it.each([
    [{ SERVICENOW_INSTANCE: "dev12345" }, HOST],
    [{ SN_INSTANCE: "dev12345.service-now.com" }, HOST],
    [{ SERVICENOW_INSTANCE: "https://dev12345.service-now.com/" }, HOST],
    [{ SERVICENOW_URL: "http://127.0.0.1:99/x", SERVICENOW_INSTANCE: "other" }, "http://127.0.0.1:99"],
  ])("finds the instance in %o", (set, server) => {
    expect(recognise("servicenow:INC0010023", set)?.server).toBe(server);
  });

  it("asks for the instance, and for a number", () => {
    expect(() => recognise("servicenow:INC0010023")).toThrow("Set SERVICENOW_INSTANCE");
    expect(() => recognise("servicenow:INC0010023", { SERVICENOW_URL: "ht tp://%" })).toThrow(
      "SERVICENOW_URL is neither",
    );
    for (const text of [
      "servicenow:",
      "servicenow:incident/",
      "servicenow:../INC0010023",
      "servicenow:INC1^ORnumber=2",
      `servicenow:${ID}`,
    ])
      expect(() => recognise(text, env), text).toThrow("is not followed by a number");
  });
});

it("leaves alone what is another tracker's", () => {
  for (const text of [
    "https://github.com/example/shop/issues/12",
    "https://jira.example.com/browse/OPS-123",
    "https://gitlab.example.com/a/b/-/issues/3",
    "https://redmine.example.com/issues/7",
    "https://rt.example.com/Ticket/Display.html?id=17",
    "webhook:https://hooks.example.com/incident.do?sys_id=1",
    "jira:OPS-123",
    "OPS-123",
    "OPS0001234",
    "#12",
    "",
    "%",
  ])
    expect(recognise(text, { SERVICENOW_INSTANCE: "dev12345" }), text).toBeNull();
});

describe("credentials", () => {
  const place = recognise(`${HOST}/incident.do?sys_id=${ID}`)!;
  const found = (env: Record<string, string>, netrc: string | null = null) =>
    servicenow.credentials(place, { env, homeFile: async (path) => (path === ".netrc" ? netrc : null) });
  const basic = `Basic ${Buffer.from("ann:s3cret").toString("base64")}`;
  const netrc = "machine dev12345.service-now.com login ann password s3cret\n";

  it.each([
    [
      { SERVICENOW_TOKEN: "t0k3n", SERVICENOW_USER: "ann", SERVICENOW_PASSWORD: "s3cret" },
      { Authorization: "Bearer t0k3n" },
    ],
    [{ SERVICENOW_API_KEY: "now_k3y" }, { "x-sn-apikey": "now_k3y" }],
    [{ SERVICENOW_USER: "ann", SERVICENOW_PASSWORD: "s3cret" }, { Authorization: basic }],
    [{ SN_USERNAME: "ann", SN_PASSWORD: "s3cret" }, { Authorization: basic }],
  ])("of %o", async (env, headers) => {
    const credentials = await found(env);
    expect(credentials?.headers).toEqual(headers);
    expect(credentials?.source).not.toMatch(/t0k3n|s3cret|k3y/);
  });

  it("from .netrc, of that host alone", async () => {
    expect((await found({}, netrc))?.headers).toEqual({ Authorization: basic });
    expect(await found({ SERVICENOW_USER: "ann" }, "machine other.example.com login a password b")).toBeNull();
  });

  it("of the environment go to the instance that it names, and to no other", async () => {
    const env = { SERVICENOW_TOKEN: "t0k3n", SERVICENOW_INSTANCE: "other" };
    expect(await found(env)).toBeNull();
    expect((await found(env, netrc))?.headers).toEqual({ Authorization: basic });
    const elsewhere = recognise(`https://help.example.com/incident.do?sys_id=${ID}`)!;
    const at = (server: Record<string, string>) =>
      servicenow.credentials(elsewhere, settings({ SERVICENOW_TOKEN: "t0k3n", ...server }));
    expect(await at({})).toBeNull();
    expect(await at({ SERVICENOW_URL: "https://help.example.com/" })).not.toBeNull();
    expect((await found({ ...env, SERVICENOW_INSTANCE: "dev12345" }))?.headers).toEqual({
      Authorization: "Bearer t0k3n",
    });
  });
});
