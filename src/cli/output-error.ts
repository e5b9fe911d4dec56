// Why can a result not be written? One line for a person: where, what, and what to do.

/** The reader of the pipe has left (`| head`): nothing went wrong, and nobody wants the rest. */
export class PipeClosed extends Error {}

/** The output cannot be written: one line for a person. */
export class OutputError extends Error {}

const ELSEWHERE = "name another place with -o";

const REASONS: Record<string, string> = {
  ENOSPC: `no space left to write the result; free some, or ${ELSEWHERE}`,
  EDQUOT: `the disk quota is used up; free some space, or ${ELSEWHERE}`,
  EFBIG: `the result is larger than a file may be there; ${ELSEWHERE}`,
  EIO: `the disk fails (input/output error); look at the system's log, and ${ELSEWHERE}`,
  EACCES: `no permission to write there; ${ELSEWHERE}`,
  EPERM: `no permission to write there; ${ELSEWHERE}`,
  EROFS: `cannot be written: its file system is read-only; ${ELSEWHERE}`,
  ENOENT: "cannot be written: its directory does not exist; create it first",
  ENOTDIR: "cannot be written: a part of its path is not a directory",
  EISDIR: "is a directory; name a file in it",
  ENAMETOOLONG: "cannot be written: its name is too long",
  ELOOP: "cannot be written: its symbolic links go in a circle",
  ENXIO: `cannot be written: it is a socket, or a device that is not there; ${ELSEWHERE}`,
  EBUSY: "cannot be replaced as a whole (is it a mount point?); name a new one in it",
  EXDEV: "cannot be replaced as a whole (is it a mount point?); name a new one in it",
  EMFILE: "too many files are open at once; raise the limit: ulimit -n 4096",
};

export function asOutputError(error: unknown, where: string): Error {
  if (error instanceof OutputError || error instanceof PipeClosed) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") return new PipeClosed("the reader has left");
  return new OutputError(`${where}: ${REASONS[code ?? ""] ?? `cannot be written (${code ?? message})`}`);
}
