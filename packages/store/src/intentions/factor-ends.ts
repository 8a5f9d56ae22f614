// The statements that remove what a person shows beside a password, within a change of theirs.

import type { Statement } from "../executor.ts";
import { type Claim, claimed } from "./people-turn.ts";

const tables = ["totp", "recovery_codes", "passkeys"] as const;

/** For a person that is deleted. */
export function removeEveryFactor(subject: string, claim: Claim): readonly Statement[] {
  return tables.map((table) => removeAllOf(table, subject, claim));
}

export function removeAllOf(table: (typeof tables)[number], subject: string, claim: Claim): Statement {
  return { sql: `DELETE FROM ${table} WHERE subject = $1 AND ${claimed("$2")}`, params: [subject, claim] };
}
