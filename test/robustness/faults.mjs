// What happens at the K-th call that changes the file system? It fails, as on a full or failing disk, or the process is sent a signal.
//
// A write gets half of its bytes onto the disk first. After a failure, everything that needs room fails as well: a full disk stays full.
// As a preload (node --import): FAULT_KIND is an error code or a signal, FAULT_AT is K, and FAULT_FIRED a file that is made when it came
// to that.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { O_WRONLY, O_RDWR } = fs.constants;
const opensToWrite = ([, flags]) =>
  typeof flags === "string" ? /[wa+]/.test(flags) : (flags & (O_WRONLY | O_RDWR)) !== 0;
const always = () => true;

/** Which calls count, and which of them need room on the disk. */
const CALLS = {
  openSync: { counts: opensToWrite, room: true },
  writeSync: { counts: always, room: true },
  writeFileSync: { counts: always, room: true },
  fsyncSync: { counts: always, room: true },
  mkdirSync: { counts: always, room: true },
  mkdtempSync: { counts: always, room: true },
  renameSync: { counts: always, room: false },
};
/** These end a process half way, but it makes no sense that they fail. */
const ENDINGS = { rmSync: { counts: always }, unlinkSync: { counts: always } };

/** `fired` is called when it comes to the K-th call. Returns a function that puts everything back. */
export function installFaults({ kind, at, fired }) {
  const isSignal = kind.startsWith("SIG");
  const originals = {};
  let count = 0;
  let inside = false;
  for (const [name, { counts, room }] of Object.entries(isSignal ? { ...CALLS, ...ENDINGS } : CALLS)) {
    const original = fs[name];
    originals[name] = original;
    fs[name] = (...args) => {
      // Node's own calls of its other functions are none of the program's.
      if (inside || !counts(args)) return original(...args);
      inside = true;
      try {
        return call(name, room, original, args);
      } finally {
        inside = false;
      }
    };
  }
  syncBuiltinESMExports();
  return () => {
    Object.assign(fs, originals);
    syncBuiltinESMExports();
  };

  function call(name, room, original, args) {
    count++;
    if (count < at || (count > at && (isSignal || !room))) return original(...args);
    const half = name === "writeSync" && count === at ? halfOf(args) : null;
    if (count === at) fired();
    const written = half === null ? 0 : original(args[0], half);
    if (isSignal) {
      process.kill(process.pid, kind);
      // A signal that is caught comes later: the call goes on.
      return half === null ? original(...args) : written;
    }
    if (written > 0) return written;
    throw Object.assign(new Error(`${kind}: made by a test, ${name}`), { code: kind, syscall: name });
  }
}

function halfOf([, bytes, from = 0]) {
  const rest = bytes.subarray(from);
  return rest.length < 2 ? null : rest.subarray(0, rest.length >> 1);
}

const { FAULT_KIND, FAULT_AT, FAULT_FIRED } = process.env;
if (FAULT_KIND !== undefined) {
  const { openSync, closeSync } = fs;
  const fired = () => closeSync(openSync(FAULT_FIRED, "w"));
  installFaults({ kind: FAULT_KIND, at: Number(FAULT_AT), fired });
}
