// Is there room on a disk again? A file of a part of a megabyte is written and removed: free blocks alone say nothing of quotas.

import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { temporaryName } from "../../capture/leftovers.ts";

/** Less would be used up by the next batch of packets, and the state would flicker. */
const PROBE_BYTES = 512 * 1024;
const OWNER_ONLY = 0o600;

export async function hasRoom(folder: string): Promise<boolean> {
  const path = join(folder, temporaryName("probe"));
  try {
    const handle = await open(path, "wx", OWNER_ONLY);
    try {
      const bytes = new Uint8Array(PROBE_BYTES);
      for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done)).bytesWritten;
    } finally {
      await handle.close();
      await unlink(path);
    }
    return true;
  } catch {
    return false;
  }
}
