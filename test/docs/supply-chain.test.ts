// What comes with an installation, may it run anything, and does anything of ours speak to the network? Read from the lock file and
// from the source.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

interface Locked {
  license?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
const locked: Record<string, Locked> = JSON.parse(read("package-lock.json")).packages;
const NODE_MODULES = "node_modules/";

/** Where Node finds a package from: the nearest node_modules above. */
function placeOf(from: string, name: string): string | null {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf(`/${NODE_MODULES}`)))) {
    const place = `${base === "" ? "" : `${base}/`}${NODE_MODULES}${name}`;
    if (place in locked) return place;
    if (base === "") return null;
  }
}

/** Everything that an installation without development packages brings. */
function installed(): Map<string, Locked> {
  const found = new Map<string, Locked>();
  const follow = (from: string): void => {
    const { dependencies, optionalDependencies } = locked[from]!;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = placeOf(from, name);
      if (place === null || found.has(place)) continue;
      found.set(place, locked[place]!);
      follow(place);
    }
  };
  follow("");
  return found;
}

/** Says its licence in the manner of 2011 (a list, "licenses"), which a lock file leaves out. */
const UNSAID: Record<string, string> = { cap: "MIT" };

const nameOf = (place: string): string => place.slice(place.lastIndexOf(NODE_MODULES) + NODE_MODULES.length);

describe("what an installation brings", () => {
  it("is listed in THIRD-PARTY.md with its licence, and nothing else is", () => {
    const listed = [...read("THIRD-PARTY.md").matchAll(/^\| (\S+) \| (\S+) \|/gm)]
      .map(([, name, licence]) => `${name} ${licence}`)
      .filter((row) => !/^(?:Package |---)/.test(row));
    const brought = [...installed()].map(
      ([place, { license }]) => `${nameOf(place)} ${license ?? UNSAID[nameOf(place)]}`,
    );
    expect(brought.sort()).toEqual(listed.sort());
  });

  it("runs nothing when it is installed, but for cap, which compiles", () => {
    const running = [...installed()].filter(([, p]) => p.hasInstallScript === true).map(([place]) => nameOf(place));
    expect(running).toEqual(["cap"]);
    const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
    expect(scripts.filter((s) => /^(?:pre|post)?(?:install|prepare|publish|pack)/.test(s))).toEqual([]);
  });

  it("is pinned by its hash, development packages too", () => {
    const without = Object.entries(locked).filter(([place, p]) => place !== "" && p.integrity === undefined);
    expect(without.map(([place]) => place)).toEqual([]);
  });
});

const sources = ["src", "decoders", "analyses"].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`),
);

describe("the source", () => {
  it("speaks to the network in one place, which `attach` alone calls", () => {
    const speaks = /\bfetch\(|= fetch\b|XMLHttpRequest|WebSocket|node:(?:https?|http2|dgram|tls|dns)\b/;
    expect(sources.filter((path) => speaks.test(read(path)))).toEqual(["src/ticket/http/fetch-http.ts"]);
  });

  it("makes no code of text", () => {
    const evaluates = /\beval\(|new Function\(|node:vm\b/;
    expect(sources.filter((path) => evaluates.test(read(path)))).toEqual([]);
  });
});
