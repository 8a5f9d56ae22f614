// Carries out an administrator's order: committed, and in this node's memory, before anything is answered.

import type { Unit } from "@rescind/core";
import type { Actor, Receipt } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type OrderRequest, orderOf } from "../revocation/order.ts";
import type { AdminRequest } from "./request.ts";

export function administrator(request: AdminRequest): Actor {
  return { kind: "admin", id: request.caller.token.subject };
}

/** @throws StoreUnavailable if the commit is not certain, or if memory cannot be brought up to it */
export async function commitOrder(order: OrderRequest, deps: Dependencies): Promise<Receipt> {
  const receipt = await deps.store.revoke(orderOf(order, deps));
  if (receipt.appended) deps.metrics.revoked(order.unit.name, order.reason);
  await catchUp(deps);
  return receipt;
}

/** Brings this node's memory up to the log, so that what is shown is the state after the change, and the feed goes on. */
export async function catchUp(deps: Pick<Dependencies, "standing" | "store">): Promise<void> {
  await deps.standing.reach(await deps.store.head());
}

/** `Rescind-Seq` of an answer that revoked something or took it back: the number from which it holds. */
export function seqHeader(receipt: Pick<Receipt, "seq">): Readonly<Record<string, string>> {
  return { "rescind-seq": String(receipt.seq) };
}

export function clientUnit(clientId: string, issuer: string): Unit {
  return { name: "client", issuer, value: clientId };
}

export function keyUnit(keyId: string, issuer: string): Unit {
  return { name: "key", issuer, value: keyId };
}
