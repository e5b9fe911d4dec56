// Which network namespaces do the processes of this machine have, and by which process does one get there?
//
// Namespaces are told apart by the inode of /proc/PID/net/dev: each namespace has a tree /proc/net of its own (fs/proc/proc_net.c),
// whose files anybody may look at, while `readlink /proc/PID/ns/net` needs the right to trace the process (ptrace(2)).

import type { Process } from "./interface-model.ts";
import { processOf } from "./listening.ts";
import { inodeOf, namesIn, targetOf, textOf } from "./proc-files.ts";

/** Where `ip netns` keeps names. */
const NAMED = "/run/netns";
/** Members of a namespace that are tried, for one by which it can be entered. */
const MAX_ASKED = 100;

export interface FoundNamespace {
  readonly inode: number | null;
  readonly name: string | null;
  readonly container: string | null;
  /** The first one of it that can be entered by: in a container the one that started it, or that holds the namespace. */
  readonly process: Process;
  readonly pids: readonly number[];
}

export interface NamespacesFound {
  /** All processes, by number. */
  readonly pids: readonly number[];
  readonly others: readonly FoundNamespace[];
  /** Processes whose namespace could not be told. */
  readonly unknown: number;
}

export function findNamespaces(): NamespacesFound {
  const pids = namesIn("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  const own = inodeOf("/proc/self/net/dev");
  const byInode = new Map<number, number[]>();
  let unknown = 0;
  for (const pid of pids) {
    const inode = inodeOf(`/proc/${pid}/net/dev`);
    if (inode === null) {
      // It has ended meanwhile, or is a zombie, which has no namespace any more.
      if (!["", "Z", "X"].includes(stateOf(pid))) unknown++;
      continue;
    }
    if (inode === own) continue;
    const known = byInode.get(inode);
    if (known === undefined) byInode.set(inode, [pid]);
    else known.push(pid);
  }
  const names = new Map(namesIn(NAMED).map((name) => [inodeOf(`${NAMED}/${name}`), name]));
  const others = [...byInode.values()].map((members): FoundNamespace => {
    // Of a process that may not be traced the namespace is not told, and not to be entered by; another member may do.
    const links = members.slice(0, MAX_ASKED).map((pid) => namespaceOf(targetOf(`/proc/${pid}/ns/net`)));
    const at = Math.max(
      0,
      links.findIndex((link) => link !== null),
    );
    const inode = links[at]!;
    const first = members[at]!;
    return {
      inode,
      name: (inode === null ? undefined : names.get(inode)) ?? null,
      container: containerOf(textOf(`/proc/${first}/cgroup`)),
      process: processOf(first),
      pids: members,
    };
  });
  return { pids, others, unknown };
}

/** Behind the name, which may have parentheses and spaces (proc(5), /proc/PID/stat). */
function stateOf(pid: number): string {
  const text = textOf(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).charAt(0);
}

/** `net:[4026532315]` */
function namespaceOf(target: string): number | null {
  const m = /^net:\[(\d{1,15})\]$/.exec(target);
  return m === null ? null : Number(m[1]);
}

/**
 * Docker, containerd, CRI-O and Podman write the id, 64 hexadecimal digits, into the path of the group: `/docker/ID`,
 * `cri-containerd-ID.scope`, `libpod-ID.scope`. The last one counts: a container may run within another.
 */
export function containerOf(cgroup: string): string | null {
  const ids = cgroup.slice(0, 64 * 1024).match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g);
  return ids === null ? null : ids.at(-1)!.slice(0, 12);
}
