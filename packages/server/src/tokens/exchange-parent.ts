// What a token that is presented for an exchange turns out to be: one of our access tokens, or a JWT of a registered issuer.
// Refresh tokens, ID tokens and codes are none (THREATS IN-05, IN-06).

import { type ExchangeParent, foreignParent, ownParent, type User } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { personBehind } from "./person.ts";
import { recognise } from "./recognise.ts";

export interface FoundParent {
  readonly parent: ExchangeParent;
  /** The person behind it, where it is one of ours and has one. */
  readonly user: User | undefined;
}

/**
 * A presented token as a parent; undefined for anything but a genuine access token whose person, if there is one, is still
 * there. Brings this node's memory up to the head read with it; does not judge liveness.
 */
export async function parentOf(text: string, deps: Dependencies): Promise<FoundParent | undefined> {
  const recognised = await recognise(text, deps);
  await deps.standing.reach(recognised.head);
  switch (recognised.kind) {
    case "access": {
      const person = await personBehind(recognised.token, deps);
      if (person.kind === "gone") return undefined;
      return { parent: ownParent(recognised.token, deps.issuer), user: person.user };
    }
    case "foreign": {
      const parent = foreignParent(recognised.token, deps.issuer);
      return parent === undefined ? undefined : { parent, user: undefined };
    }
    case "refresh":
    case "unknown":
      return undefined;
  }
}

/** Whether a foreign subject has the name of one of our users or clients: a token for it would be theirs. */
export async function isTaken(subject: string, deps: Dependencies): Promise<boolean> {
  const [{ user }, { client }] = await Promise.all([
    deps.store.findUser(subject),
    deps.store.findClient(subject),
  ]);
  return user !== undefined || client !== undefined;
}
