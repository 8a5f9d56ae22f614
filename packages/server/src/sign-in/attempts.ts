// Limits on failed sign-ins, whatever was shown: ten a minute for an account, sixty for an address. CONTRACT.md section 3.

import type { Dependencies } from "../dependencies.ts";

type Parts = Pick<Dependencies, "logins" | "now">;

/** What a page says instead of doing what was asked. */
export interface Problem {
  readonly problem: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What is answered where too many have failed. `subject`: undefined where nobody is known yet. */
export function tooManyAttempts(
  subject: string | undefined,
  address: string,
  { logins: { ofAccount, ofAddress }, now }: Parts,
): Problem | undefined {
  const ofPerson = subject === undefined ? undefined : ofAccount.blockedFor(subject, now());
  const seconds = ofPerson ?? ofAddress.blockedFor(address, now());
  return seconds === undefined ? undefined : tooMany(seconds);
}

export function tooMany(seconds: number): Problem {
  const after = seconds === 1 ? "a second" : `${seconds} seconds`;
  return {
    problem: `Too many attempts have failed. Try again in ${after}.`,
    status: 429,
    headers: { "retry-after": String(seconds) },
  };
}

/** @throws StoreUnavailable where it could not be counted */
export async function countFailure(
  subject: string | undefined,
  address: string,
  { logins: { ofAccount, ofAddress }, now }: Parts,
): Promise<void> {
  const ofPerson = subject === undefined ? [] : [ofAccount.failed(subject, now())];
  await Promise.all([...ofPerson, ofAddress.failed(address, now())]);
}
