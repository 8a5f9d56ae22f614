// What a person can show beside a password, and the end of it: sessions that were opened with something that is no longer
// theirs end with it, in the transaction of its removal; those of an identity at another provider right after it. What was being opened meanwhile is found right after: whoever
// opens a session with a factor looks once more whether it is still there (sign-in/first-factor.ts).

import { formatId, parseId, type SecondFactor } from "@rescind/core";
import type { Actor, FoundFactors, Order, RemovedFactors } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { relyingParty } from "../passkeys/relying-party.ts";
import { catchUp, commitAll } from "../revocation/commit.ts";
import { orderOf } from "../revocation/order.ts";
import { selectOf } from "../revocation/select.ts";

type Held = Pick<FoundFactors, "passkeys" | "totp" | "recoveryCodes">;

/** What could be asked for beside a password. */
export function secondFactorsOf(
  { passkeys, totp, recoveryCodes }: Held,
  { issuer }: Pick<Dependencies, "issuer">,
): ReadonlySet<SecondFactor> {
  const hasPasskey = passkeys.length > 0 && relyingParty(issuer).kind === "on";
  const has = new Set<SecondFactor>();
  if (totp !== undefined) has.add("totp");
  if (hasPasskey) has.add("passkey");
  if ((totp !== undefined || hasPasskey) && recoveryCodes !== undefined && recoveryCodes.left > 0)
    has.add("recovery-code");
  return has;
}

/** Whether all of what a session was opened with is still this person's. */
export async function areTheirs(
  ids: readonly string[],
  subject: string,
  deps: Pick<Dependencies, "store">,
): Promise<boolean> {
  const there = await idsOf(subject, await deps.store.findFactors(subject), deps);
  return ids.every((id) => there.has(id) || !isFactor(id));
}

/** As sessions remember what they were opened with. */
async function idsOf(
  subject: string,
  { passkeys, totp, recoveryCodes }: Held,
  { store }: Pick<Dependencies, "store">,
): Promise<ReadonlySet<string>> {
  const identities = await store.listIdentities(subject);
  return new Set([
    ...passkeys.map(({ id }) => formatId("passkey", id)),
    ...(totp === undefined ? [] : [formatId("totp", totp.id)]),
    ...(recoveryCodes === undefined ? [] : [formatId("recoveryCodes", recoveryCodes.id)]),
    ...identities.map(({ id }) => formatId("identity", id)),
  ]);
}

/** Whose doing it is that sessions end. */
export interface Ending {
  readonly actor: Actor;
  readonly reason: "administrator" | "security_event" | "user_request";
}

/**
 * Removes factors and ends the sessions that were opened with them; whatever `Rescind-Seq` says then. May be repeated.
 * @throws StoreUnavailable if the commit is not certain
 */
export async function removeFactors(
  subject: string,
  removed: RemovedFactors,
  ending: Ending,
  deps: Dependencies,
): Promise<Readonly<Record<string, string>>> {
  const left = without(await deps.store.findFactors(subject), removed);
  const orders = await endsOfOthers(subject, left, ending, deps);
  await deps.store.removeFactors(subject, removed, orders);
  for (const { unit, reason } of orders) deps.metrics.revoked(unit.name, reason);
  if (orders.length > 0) await catchUp(deps);
  const late = await endSessionsWithout(subject, ending, deps);
  return seqHeader(late.at(-1) ?? orders.at(-1), deps);
}

/** What `Rescind-Seq` says of an order that is in force; nothing where there was none to give. */
export async function seqHeader(
  order: Pick<Order, "id"> | undefined,
  { store }: Pick<Dependencies, "store">,
): Promise<Readonly<Record<string, string>>> {
  const recorded = order === undefined ? undefined : await store.findOrder(order.id);
  return recorded === undefined ? {} : { "rescind-seq": String(recorded.seq) };
}

/** Ends all sessions of a person that were opened with something that is not there any more; the orders. */
export async function endSessionsWithout(
  subject: string,
  ending: Ending,
  deps: Dependencies,
): Promise<readonly Order[]> {
  const ended: Order[] = [];
  for (;;) {
    const orders = await endsOfOthers(subject, await deps.store.findFactors(subject), ending, deps);
    if (orders.length > 0) await commitAll(orders, deps);
    ended.push(...orders);
    // What has ended is not found again.
    if (orders.length < mostAtOnce) return ended;
  }
}

function isFactor(id: string): boolean {
  const kinds = ["passkey", "totp", "recoveryCodes", "identity"] as const;
  return kinds.some((kind) => parseId(kind, id) !== undefined);
}

async function endsOfOthers(
  subject: string,
  held: Held,
  { actor, reason }: Ending,
  deps: Dependencies,
): Promise<Order[]> {
  const there = await idsOf(subject, held, deps);
  const isGone = (id: string): boolean => isFactor(id) && !there.has(id);
  const opened: { readonly sessionId: string; readonly isLive: boolean }[] = [];
  let cursor: string | undefined;
  do {
    const page = await deps.store.listSessions({ subject }, { limit: 1000, cursor }, deps.now() / 1000);
    for (const { session, status } of page.items)
      if ((session.factors ?? []).some(isGone))
        opened.push({ sessionId: session.sessionId, isLive: status === "live" });
    cursor = page.next;
  } while (cursor !== undefined);
  // Offline access outlives the session that it was given in, and ends with an order of it all the same.
  const outlived = opened.every(({ isLive }) => isLive)
    ? new Set<string>()
    : await sessionsOfLiveGrants(subject, deps);
  const ending = opened.filter(({ sessionId, isLive }) => isLive || outlived.has(sessionId));
  return ending.slice(0, mostAtOnce).map(({ sessionId }) => {
    const unit = { name: "session", issuer: deps.issuer, value: sessionId } as const;
    return orderOf({ unit, actor, reason, final: true, select: selectOf(unit), about: { subject } }, deps);
  });
}

async function sessionsOfLiveGrants(
  subject: string,
  { store, now }: Pick<Dependencies, "now" | "store">,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await store.listGrants({ subject, status: "live" }, { limit: 1000, cursor }, now() / 1000);
    for (const { sessionId } of page.items) if (sessionId !== undefined) found.add(sessionId);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

/** Orders in one transaction; whoever hoards sessions has more. */
const mostAtOnce = 1000;

function without(held: Held, { totp, recoveryCodes, passkeys }: RemovedFactors): Held {
  const keys =
    passkeys === "all" ? [] : held.passkeys.filter(({ id }) => passkeys === undefined || id !== passkeys);
  const seed = totp === true ? undefined : held.totp;
  const stays = recoveryCodes !== true && (seed !== undefined || keys.length > 0);
  return { passkeys: keys, totp: seed, recoveryCodes: stays ? held.recoveryCodes : undefined };
}
