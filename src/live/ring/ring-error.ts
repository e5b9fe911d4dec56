// Why can a capture under way not be kept? One line: where, what, and what to do.

export class RingError extends Error {
  /** The exit code that a command line tool should end with. */
  readonly exit = 3;
  /** Of the system: "EROFS". */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.name = "RingError";
    this.code = code;
  }
}

const ELSEWHERE = "name another folder with -w";

const REASONS: Record<string, string> = {
  ENOENT: `was removed while the capture went on; ${ELSEWHERE}`,
  EACCES: `no permission to write there; ${ELSEWHERE}`,
  EPERM: `no permission to write there; ${ELSEWHERE}`,
  EROFS: `cannot be written: its file system is read-only; ${ELSEWHERE}`,
  ENOTDIR: `cannot be a folder: a part of its path is a file; ${ELSEWHERE}`,
  EEXIST: `is not a folder; ${ELSEWHERE}`,
  EIO: `the disk fails (input/output error); look at the system's log, and ${ELSEWHERE}`,
  ENAMETOOLONG: `its name is too long; ${ELSEWHERE}`,
  ELOOP: `its symbolic links go in a circle; ${ELSEWHERE}`,
  EFBIG: "a file may not become so large there (ulimit -f?); make them smaller with --file-size",
  EMFILE: "too many files are open at once; raise the limit: ulimit -n 4096",
  ENFILE: "too many files are open at once on this machine",
  ENOSPC: `no room left on its disk; free some, or ${ELSEWHERE}`,
  EDQUOT: `the disk quota is used up; free some, or ${ELSEWHERE}`,
};

export function ringError(error: unknown, path: string): RingError {
  return inWords(error, path, REASONS);
}

/** Before there is a folder. */
export function folderError(error: unknown, path: string): RingError {
  return inWords(error, path, { ...REASONS, ENOENT: `cannot be made there; ${ELSEWHERE}` });
}

function inWords(error: unknown, path: string, reasons: Record<string, string>): RingError {
  if (error instanceof RingError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new RingError(`${path}: ${reasons[code ?? ""] ?? `cannot be written (${code ?? message})`}`, code ?? "");
}

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

/** The disk is full, or the quota used up: other files may be given up for room. */
export const isNoRoom = (error: unknown): boolean => codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT";
