// What a failed round means: the statement's own fault, a conflict worth another try, the whole server's, or nobody knows.
// https://www.postgresql.org/docs/current/errcodes-appendix.html

export type Failure =
  /** Something is wrong with one intention; the others of its batch can go on without it. */
  | "statement"
  /** Two transactions stood in each other's way; nothing was done, and another try may do it. */
  | "conflict"
  /** The connection's prepared statements are not what it believed; another connection has its own. */
  | "prepared"
  /** The server ended the connection before it did anything. */
  | "ended"
  /** Nothing was done, and nothing else would be at the moment. */
  | "server"
  /** The connection was lost without a word: what was sent may have been done. */
  | "unknown";

/** What the server said with an SQLSTATE; undefined where the error is the connection's. */
export function stateOf(error: Error): string | undefined {
  if (!("code" in error) || typeof error.code !== "string" || !("severity" in error)) return undefined;
  return error.code;
}

export function failureOf(error: Error): Failure {
  const state = stateOf(error);
  if (state === undefined) return "unknown";
  if (state === "40001" || state === "40P01") return "conflict";
  // A text that is known by a name it was not given here, or no longer gives what it gave.
  if (state === "26000" || state === "42P05" || state === "0A000") return "prepared";
  if (state.startsWith("57P0")) return "ended";
  const isServers = ["08", "53", "58", "XX", "25"].some((kind) => state.startsWith(kind));
  return isServers ? "server" : "statement";
}

/** The server is not the primary any more, or was not asked as one. */
export function isReadOnly(error: Error): boolean {
  return stateOf(error) === "25006";
}

/** The server ended the connection with it, or itself. */
export function isFatal(error: Error): boolean {
  return "severity" in error && error.severity !== "ERROR";
}
