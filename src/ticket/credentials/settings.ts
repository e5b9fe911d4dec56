// What are the surroundings of this process? Its environment, and the files that other tools keep below the home directory.

import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Settings } from "./credentials.ts";
import { GH_HOSTS, GLAB_CONFIG, RTRC } from "./tool-configs.ts";

/** Configuration is small; what is larger is something else. */
const MAX_BYTES = 1_000_000;

type Env = Settings["env"];

export function processSettings(env: Env, home: string = homedir(), platform: string = process.platform): Settings {
  return {
    env,
    async homeFile(path) {
      for (const place of placesOf(path, env, home, platform)) {
        const text = await textOf(place);
        if (text !== null) return text;
      }
      return null;
    },
  };
}

/**
 * Where a tool looks for this file: its own variable, then that of its folder, then the home directory.
 * curl 8.16: NETRC. go-gh (pkg/config, ConfigDir): GH_CONFIG_DIR, XDG_CONFIG_HOME, AppData on Windows. glab: GLAB_CONFIG_DIR,
 * XDG_CONFIG_HOME (docs.gitlab.com/cli/configuration), the platform's folder. rt: RTCONFIG. A variable that is set is the only place.
 */
function placesOf(path: string, env: Env, home: string, platform: string): string[] {
  const own = (variable: string, file: string): string[] | null => (env[variable] ? [join(env[variable], file)] : null);
  const atHome = join(home, path);
  if (path === ".netrc" && env.NETRC) return [env.NETRC];
  if (path === GH_HOSTS)
    return (
      own("GH_CONFIG_DIR", "hosts.yml") ??
      own("XDG_CONFIG_HOME", "gh/hosts.yml") ??
      (platform === "win32" ? own("AppData", "GitHub CLI/hosts.yml") : null) ?? [atHome]
    );
  if (path === GLAB_CONFIG)
    return (
      own("GLAB_CONFIG_DIR", "config.yml") ??
      own("XDG_CONFIG_HOME", "glab-cli/config.yml") ?? [
        atHome,
        ...(platform === "darwin" ? [join(home, "Library/Application Support/glab-cli/config.yml")] : []),
        ...(platform === "win32" ? (own("LocalAppData", "glab-cli/config.yml") ?? []) : []),
      ]
    );
  if (path === RTRC && env.RTCONFIG && isAbsolute(env.RTCONFIG)) return [env.RTCONFIG];
  return [atHome];
}

const PROXIES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/** What to say where a server cannot be reached: Node's fetch passes by the proxies that curl uses, unless it is told (nodejs.org/api/cli). */
export function proxyHint(env: Env): string | null {
  const name = PROXIES.find((variable) => env[variable]);
  if (name === undefined || env.NODE_USE_ENV_PROXY === "1") return null;
  return `${name} is set, which Node (22.21, 24 and later) uses only with NODE_USE_ENV_PROXY=1`;
}

/** Null also for what is no regular file, too large, or may not be read: then it is as if it were not there. */
async function textOf(path: string): Promise<string | null> {
  try {
    const stats = await stat(path);
    return stats.isFile() && stats.size <= MAX_BYTES ? await readFile(path, "utf8") : null;
  } catch {
    return null;
  }
}
