// The turn that changes of users take one after the other, and the lock of one person. Both come before the head's.

import type { Statement } from "../executor.ts";

/** The id of one attempt at a change; see `people_turn`. */
export type Claim = bigint;

/** Holds back every other change of users, so that the statements after it see what those before it did. */
export function claimTurn(claim: Claim): Statement {
  return { sql: "UPDATE people_turn SET claimed_by = $1", params: [claim] };
}

/** True where the change may go on; `parameter` is its claim. */
export function claimed(parameter: `$${number}`): string {
  return `EXISTS (SELECT 1 FROM people_turn p WHERE p.claimed_by = ${parameter})`;
}

/**
 * Holds back whoever stores a consent of this person: one given before its withdrawal goes with it, and one that is
 * being given meanwhile is not stored. Without a row for a subject that is no user here.
 */
export function lockUser(subject: string): Statement {
  return { sql: "UPDATE users SET subject = subject WHERE subject = $1", params: [subject] };
}
