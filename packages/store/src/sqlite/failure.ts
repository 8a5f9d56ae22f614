// What a failed statement or commit means: the statement's own fault, the database's, or a connection that may not be
// trusted any more. https://sqlite.org/rescode.html

/** A failure as it goes from the writer's thread to the main one. */
export interface Failure {
  readonly message: string;
  /** SQLite's extended result code; 0 where the error is not SQLite's. */
  readonly code: number;
}

const primaryCode = {
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
} as const;
const cantOpen = 14;
const protocol = 15;
const notADatabase = 26;

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  return { message, code };
}

export function isFull({ code }: Failure): boolean {
  return (code & 255) === primaryCode.full;
}

/**
 * The connection's state cannot be known: after a failed write or sync SQLite and the kernel may disagree about what
 * is on disk. It is closed and opened anew, and the server should exit.
 */
export function isBroken({ code }: Failure): boolean {
  const primary = code & 255;
  return (
    primary === primaryCode.ioError ||
    primary === primaryCode.corrupt ||
    primary === primaryCode.noMemory ||
    primary === primaryCode.readOnly ||
    primary === cantOpen ||
    primary === notADatabase
  );
}

/** Nothing is wrong with the statement: every other one of the batch would fail too. */
export function isDatabases(failure: Failure): boolean {
  const primary = failure.code & 255;
  const isWaiting = primary === primaryCode.busy || primary === primaryCode.locked || primary === protocol;
  return isFull(failure) || isBroken(failure) || isWaiting;
}
