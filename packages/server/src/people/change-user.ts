// Changes of people with what follows from them, for the admin API and the config file alike: the orders go with the
// change in one transaction, and no subject ever has a client's id. That the last active administrator stays one is
// the store's to see to.

import { scopesOfRoles, type User } from "@rescind/core";
import type { Actor, Order } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { rolesTakenOrder, subjectOrder } from "./user-orders.ts";

export type ChangeParts = Pick<Dependencies, "hashing" | "issuer" | "now" | "store" | "turns">;

/**
 * Changes of people and registrations of chosen ids go one by one, since each is judged by what it finds: a client and a
 * person must not take one id at the same moment, nor one change of a person undo what another did to other members.
 */
export function oneByOne<T>(work: () => Promise<T>, { turns }: Pick<Dependencies, "turns">): Promise<T> {
  return turns.inTurn("registration", work);
}

export type UserChanged =
  | { readonly kind: "changed"; readonly orders: readonly Order[] }
  | { readonly kind: "taken" | "unknown" | "last-administrator" };

/** Whether an id is a client's, so that no person may have it as their subject. */
export async function isClientId(id: string, { store }: Pick<ChangeParts, "store">): Promise<boolean> {
  return (await store.findClient(id)).client !== undefined;
}

/** Replaces what is known of a person. Call it within `oneByOne`, with `current` read there. */
export async function changeUser(
  current: User,
  next: User,
  actor: Actor,
  parts: ChangeParts,
): Promise<UserChanged> {
  const orders = await ordersOf(current, next, actor, parts);
  const kind = await parts.store.changeUser(next, orders, parts.now());
  return kind === "changed" ? { kind, orders } : { kind };
}

/** Removes a person. Call it within `oneByOne`, with `current` read there. */
export async function deleteUser(current: User, actor: Actor, parts: ChangeParts): Promise<UserChanged> {
  const orders = [subjectOrder(current.subject, "user_deleted", actor, parts)];
  const kind = await parts.store.deleteUser(current.subject, orders);
  return kind === "deleted" ? { kind: "changed", orders } : { kind };
}

async function ordersOf(current: User, next: User, actor: Actor, parts: ChangeParts): Promise<Order[]> {
  const { subject } = current;
  if (next.status === "disabled")
    return current.status === "disabled" ? [] : [subjectOrder(subject, "user_disabled", actor, parts)];
  const kept = scopesOfRoles(next.roles);
  const lost = scopesOfRoles(current.roles).filter((scope) => !kept.includes(scope));
  if (lost.length === 0) return [];
  const clients = await clientsWith(lost, parts);
  return clients.map((clientId) => rolesTakenOrder(subject, clientId, actor, parts));
}

/** Clients that may hold one of these scopes for a person; the built-in one among them. */
async function clientsWith(scopes: readonly string[], { store }: ChangeParts): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listClients({ limit: 1000, cursor });
    for (const { client } of page.items)
      if (isForPeople(client.grantTypes) && client.scopes.some((scope) => scopes.includes(scope)))
        found.push(client.clientId);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

/** Client credentials alone never stand for a person. */
function isForPeople(grantTypes: readonly string[]): boolean {
  return grantTypes.some((type) => type !== "client_credentials");
}
