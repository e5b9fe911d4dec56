// Without privilege, without any engine, with a wrong interface, filter, condition: one line, the right exit code, a way on?

import { chmodSync, mkdirSync } from "node:fs";
import { ENGINE_FILES, MAIN, runHalfclose } from "../program.mjs";

export const question = "is every refusal one line with a way on, and the right exit code?";
export const load = 0.4;
export const seconds = 8;
const UNREADABLE = 3;
const USAGE = 2;

export async function run(room) {
  const host = room.host();
  const ring = (n) => room.path(`ring-${n}`);
  const cases = [
    ["no such interface", ["-i", "nosuch0", "-w", ring(1)], [UNREADABLE, USAGE], /nosuch0.*lo|lo.*nosuch0|interfaces/],
    ["no interface given", ["-w", ring(2)], [USAGE], /halfclose interfaces/],
    ["a wrong filter", ["-i", "lo", "-w", ring(3), "--filter", "tcp prt 80"], [UNREADABLE, USAGE], /filter/i],
    ["a wrong condition", ["-i", "lo", "-w", ring(4), "--until", "half-baked > 1"], [USAGE], /half-closed/],
    ["a wrong size", ["-i", "lo", "-w", ring(5), "--file-size", "lots"], [USAGE], /lots/],
    ["no folder given", ["-i", "lo"], [USAGE], /-w|--write/],
    ["a folder that cannot be made", ["-i", "lo", "-w", "/proc/nothing/here"], [UNREADABLE], /\/proc\/nothing/],
  ];
  for (const [name, args, codes, way] of cases) {
    judge(room, name, await runHalfclose(host, ["capture", ...args], 15_000), codes, way);
  }
  // `ip netns exec` gives a program mounts of its own: what is laid over the engines is laid there alone.
  const hide = 'while [ "$1" != -- ]; do mount --bind "$2" "$1"; shift 2; done; shift; exec "$@"';
  const empty = room.path("empty");
  mkdirSync(empty);
  const covered = ENGINE_FILES.flatMap(({ path, isFolder }) => [path, isFolder ? empty : "/dev/null"]);
  const unequipped = host.start([
    ...["sh", "-c", hide, "hide", ...covered, "--", process.execPath, MAIN, "capture", "-i", "lo", "-w", ring(6)],
  ]);
  await unequipped.within(15_000);
  judge(room, "no engine installed", unequipped, [UNREADABLE], /install/i);
  const open = room.path("open");
  mkdirSync(open);
  chmodSync(room.folder, 0o711);
  chmodSync(open, 0o777);
  const unprivileged = host.start([
    ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    ...[process.execPath, MAIN, "capture", "-i", "lo", "-w", `${open}/ring`],
  ]);
  await unprivileged.within(15_000);
  judge(room, "no privilege", unprivileged, [UNREADABLE], /root|sudo|cap_net_raw|group/i);
}

function judge(room, name, child, codes, way) {
  const said = child.stderr.trim();
  room.figure(`${name}: exit, lines`, `${child.end?.code}, ${said.split("\n").length}: ${said.slice(0, 420)}`);
  room.hold(codes.includes(child.end?.code), `${name}: exit ${child.end?.code}: ${said.slice(0, 300)}`);
  room.hold(said.split("\n").length === 1 && said !== "", `${name}: ${said.split("\n").length} lines`);
  room.hold(way.test(said), `${name}: no way on: ${said.slice(0, 300)}`);
}
