// Who ends an engine when this program is killed and cannot?
//
// A shell that waits for the end of a pipe which only this process holds: when it is gone, killed with -9 too, the kernel closes the pipe, and
// the shell ends the engine. `setpriv --pdeathsig` would not do: the kernel forgets that signal when tcpdump gives up root's rights, or has
// capabilities from its file (prctl(2), PR_SET_PDEATHSIG). Without a shell the engine ends by SIGPIPE, at the next packet.

import { spawn } from "node:child_process";

/** In a session of its own, so that no Ctrl-C of the terminal meets it; one that is sent all the same does not end it. */
const SCRIPT = 'trap "" INT QUIT HUP TERM; read -r line; kill -TERM "$1"';

export interface Guard {
  /** The engine has ended: nothing is left to guard. */
  dismiss(): void;
}

export function guard(pid: number): Guard {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "halfclose-guard", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  // No shell, or no process left: the engine is on its own, as said above.
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  (shell.stdin as { unref?: () => void }).unref?.();
  return { dismiss: () => void shell.kill("SIGKILL") };
}
