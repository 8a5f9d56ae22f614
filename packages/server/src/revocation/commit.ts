// Commits orders: durable, counted in the metrics, and on their way to this node's memory and its feed. The one place
// that calls the store's `revoke` and `revokeMany` while the server serves.

import type { Order, Receipt } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type OrderRequest, orderOf } from "./order.ts";

/**
 * Commits one order. In force for every request that begins after this resolves, since each brings the head that it
 * read; this node's memory takes the entry from the receipt or follows by itself, and its subscribers hear of it.
 * @throws StoreUnavailable if the commit is not certain
 */
export async function commitAndWake(request: OrderRequest, deps: Dependencies): Promise<Receipt> {
  const receipt = await append(request, deps);
  if (receipt.seq !== deps.standing.seq) deps.standing.wake();
  await deps.nearline.holds(receipt.seq);
  return receipt;
}

/**
 * Commits one order and brings this node's memory up to it, for answers that show the state after the change.
 * @throws StoreUnavailable if the commit is not certain, or if memory cannot be brought up to it
 */
export async function commitOrder(request: OrderRequest, deps: Dependencies): Promise<Receipt> {
  const receipt = await append(request, deps);
  await catchUp(deps);
  return receipt;
}

/** As `commitOrder`, several in one transaction; at most 1,000. */
export async function commitAll(orders: readonly Order[], deps: Dependencies): Promise<readonly Receipt[]> {
  const receipts = await appendAll(orders, deps);
  await catchUp(deps);
  return receipts;
}

/**
 * As `commitAndWake`, several of very many in one transaction; at most 1,000. After the last of them `catchUp` belongs,
 * by which the copy in the cache is waited for too.
 */
export async function commitSlice(orders: readonly Order[], deps: Dependencies): Promise<readonly Receipt[]> {
  const receipts = await appendAll(orders, deps);
  if (receipts.at(-1)?.seq !== deps.standing.seq) deps.standing.wake();
  return receipts;
}

/**
 * Brings this node's memory up to the log, so that what is shown is the state after the change, and the feed goes on; the
 * copy in the cache too, as far as that is quick.
 */
export async function catchUp(deps: Pick<Dependencies, "nearline" | "standing" | "store">): Promise<void> {
  const head = await deps.store.head();
  await deps.standing.reach(head);
  await deps.nearline.holds(head.position.seq);
}

/** `Rescind-Seq` of an answer that revoked something or took it back: the number from which it holds. */
export function seqHeader(receipt: Pick<Receipt, "seq">): Readonly<Record<string, string>> {
  return { "rescind-seq": String(receipt.seq) };
}

async function append(request: OrderRequest, deps: Dependencies): Promise<Receipt> {
  const receipt = await deps.store.revoke(orderOf(request, deps));
  if (receipt.appended) deps.metrics.revoked(request.unit.name, request.reason);
  if (receipt.entry !== undefined) deps.standing.learn([receipt.entry]);
  return receipt;
}

async function appendAll(orders: readonly Order[], deps: Dependencies): Promise<readonly Receipt[]> {
  const receipts = await deps.store.revokeMany(orders);
  for (const [index, { unit, reason }] of orders.entries())
    if (receipts[index]?.appended === true) deps.metrics.revoked(unit.name, reason);
  deps.standing.learn(receipts.flatMap(({ entry }) => entry ?? []));
  return receipts;
}
