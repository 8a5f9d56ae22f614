// Username and password, with the same answer and the same cost whether there is such a person or not (THREATS WEB-18),
// and limits on failures: ten a minute for an account, sixty for an address. CONTRACT.md section 3.

import type { User } from "@rescind/core";
import type { Head, Store } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { verifyPassword } from "../people/password.ts";
import { addressLimit, type FailureLimit, failureLimit } from "../tokens/failure-limit.ts";

export type Attempt =
  | { readonly kind: "person"; readonly user: User; readonly head: Head }
  | { readonly kind: "wrong" }
  /** Seconds. */
  | { readonly kind: "too-many"; readonly retryAfter: number };

export interface LoginLimits {
  readonly ofAccount: FailureLimit;
  readonly ofAddress: FailureLimit;
  /** Wrong codes for a seed, beside the other two: six digits can be guessed by whoever has the time. */
  readonly ofCodes: FailureLimit;
  /** Does the work of one account one after another on this node, so that guesses side by side cannot outrun its limit. */
  readonly inTurn: <T>(account: string, work: () => Promise<T>) => Promise<T>;
}

/** @param tally counts for all nodes; undefined where there is only this one */
export function loginLimits(tally: Pick<Store, "countFailure"> | undefined): LoginLimits {
  const last = new Map<string, Promise<unknown>>();
  return {
    ofAccount: failureLimit({ of: "logins of account", most: 10, windowMs: 60_000 }, tally),
    ofAddress: addressLimit({ of: "logins from address", most: 60, windowMs: 60_000 }, tally),
    ofCodes: failureLimit({ of: "codes of seed", most: 50, windowMs: 86_400_000 }, tally),
    async inTurn(account, work) {
      const before = last.get(account) ?? Promise.resolve();
      const mine = before.then(work, work);
      last.set(account, mine);
      try {
        return await mine;
      } finally {
        if (last.get(account) === mine) last.delete(account);
      }
    },
  };
}

interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

/** The person whose password this is. Rejects with TooManyWaiting when too many passwords are being checked. */
export async function attemptPassword(credentials: Credentials, deps: Dependencies): Promise<Attempt> {
  const typed = credentials.username.trim().normalize("NFC");
  const { user } = await deps.store.findUserByName(typed);
  // A person has one limit, by whichever of their names they are guessed.
  const account = user?.subject ?? `typed ${typed.toLowerCase()}`;
  return deps.logins.inTurn(account, () => attempt({ ...credentials, username: typed }, account, deps));
}

async function attempt(
  { username, password, address }: Credentials,
  account: string,
  deps: Dependencies,
): Promise<Attempt> {
  const { ofAccount, ofAddress } = deps.logins;
  const retryAfter = ofAccount.blockedFor(account, deps.now()) ?? ofAddress.blockedFor(address, deps.now());
  if (retryAfter !== undefined) return { kind: "too-many", retryAfter };
  // Read in turn: the head that comes with this digest is the session's `rev`.
  const { head, user, passwordHash } = await deps.store.findUserByName(username);
  const verified = await verifyPassword(passwordHash, password);
  if (!verified.ok || user === undefined || user.status !== "active") {
    await Promise.all([ofAccount.failed(account, deps.now()), ofAddress.failed(address, deps.now())]);
    return { kind: "wrong" };
  }
  if (verified.rehash !== undefined)
    await deps.store.setPassword(user.subject, verified.rehash, { instead: passwordHash, orders: [] });
  return { kind: "person", user, head };
}
