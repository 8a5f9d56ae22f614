// What a failed round means: the statement's own fault, a conflict worth another try, the whole server's, or nobody knows.
// https://www.postgresql.org/docs/current/errcodes-appendix.html

export type Failure =
  /** Something is wrong with one intention; the others of its batch can go on without it. */
  | "statement"
  /** Two transactions stood in each other's way; nothing was done, and another try may do it. */
  | "conflict"
  /** Statements prepared under names are not where they were: something between gives out other sessions. */
  | "names"
  /** The connection is of no use any more, and nothing was done on it. */
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
  if (state === "26000" || state === "42P05") return "names";
  // The second: a statement that was prepared before the schema changed; another connection prepares it anew.
  if (state.startsWith("57P0") || state === "0A000") return "ended";
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
