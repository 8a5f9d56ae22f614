// Many narrow orders in one call: POST /admin/v1/revocations/bulk. One entry and one audit record each, in small
// transactions, so that others are answered in between (THREATS RV-18): while the store commits a slice the next one is
// made ready. Repeating it is harmless: what stands already is counted as such.

import { setImmediate } from "node:timers/promises";
import {
  type BulkRevocation,
  type BulkRevocationAnswer,
  mostInBulk,
  mostUnknownAt,
} from "@rescind/admin-api";
import { type Order, StoreUnavailable } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { problem } from "../http/respond.ts";
import { catchUp, commitSlice } from "../revocation/commit.ts";
import { orderOf } from "../revocation/order.ts";
import { administrator } from "./administrator.ts";
import { bulkPace } from "./bulk-pace.ts";
import { lookUpMany, type Name, namesOf } from "./bulk-selection.ts";
import { invalidField } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";
import type { Selection } from "./selection.ts";

interface Tally {
  revoked: number;
  already: number;
  unknown: number;
  seq: number;
  readonly unknownAt: number[];
}

export async function revokeMany(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as BulkRevocation; // checked against the contract's schema
  const names = namesOf(body);
  if (names.length === 0) return invalidField("/tokens", "Name at least one token, token id or grant id.");
  if (names.length > mostInBulk)
    return invalidField("/tokens", `Name ${mostInBulk} at most in one call, all lists together.`);
  const tally: Tally = { revoked: 0, already: 0, unknown: 0, seq: 0, unknownAt: [] };
  try {
    await revokeSlices(names, request, tally, deps);
    if (tally.seq > 0) await catchUp(deps);
    return ok(answerOf(tally, request.caller.head.position.seq), seqHeader(tally));
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    deps.availability.failed();
    deps.log.error({ reqId: request.id, err: error, cause: String(error.cause) }, "store unavailable");
    return stopped(tally, names.length);
  }
}

/**
 * Slice after slice: each is made ready while the one before is committed, and committed when that has been. Rejects as
 * the first that fails; nothing is under way any more then.
 */
async function revokeSlices(
  names: readonly Name[],
  request: AdminRequest,
  tally: Tally,
  deps: Dependencies,
): Promise<void> {
  const pace = bulkPace(deps.store);
  let committing: Promise<void> = Promise.resolve();
  try {
    for (let from = 0; from < names.length; ) {
      const slice = names.slice(from, from + pace.names);
      const orders = await ordersOf(slice, from, request, tally, deps);
      from += slice.length;
      await committing;
      if (orders.length > 0) committing = pace.commit(orders.length, () => commit(orders, tally, deps));
      committing.catch(() => undefined); // told when it is waited for
      await setImmediate();
    }
  } finally {
    await committing;
  }
}

/** Looks a slice up and counts what is unknown of it; `from` is the place of its first name in the call. */
async function ordersOf(
  names: readonly Name[],
  from: number,
  request: AdminRequest,
  tally: Tally,
  deps: Dependencies,
): Promise<Order[]> {
  const found = await lookUpMany(names, deps);
  for (const [index, selection] of found.entries()) {
    if (selection !== undefined) continue;
    tally.unknown += 1;
    if (tally.unknownAt.length < mostUnknownAt) tally.unknownAt.push(from + index);
  }
  return made(
    found.filter((selection) => selection !== undefined),
    request,
    deps,
  );
}

function made(selections: readonly Selection[], request: AdminRequest, deps: Dependencies): Order[] {
  const { reason = "administrator", note, final = false } = request.body as BulkRevocation; // as above
  const actor = administrator(request);
  return selections.map(({ unit, select, about }, index) => {
    // Where somebody waits for verifiers, one acknowledgement at the end of a slice tells of all before it.
    const ack = index === selections.length - 1 ? undefined : false;
    return orderOf({ unit, select, about, actor, reason, note, final, ack }, deps);
  });
}

/** In force when it resolves; this node's memory follows by itself. */
async function commit(orders: readonly Order[], tally: Tally, deps: Dependencies): Promise<void> {
  for (const { appended, seq } of await commitSlice(orders, deps)) {
    tally.seq = Math.max(tally.seq, seq);
    if (appended) tally.revoked += 1;
    else tally.already += 1;
  }
}

function answerOf(tally: Tally, headSeq: number): BulkRevocationAnswer {
  const { revoked, already, unknown, seq, unknownAt } = tally;
  return { revoked, already, unknown, seq: seq === 0 ? headSeq : seq, unknown_at: unknownAt };
}

function seqHeader({ seq }: Tally): Readonly<Record<string, string>> {
  return seq === 0 ? {} : { "rescind-seq": String(seq) };
}

/** The outcome of one slice is not known; those before it are in force. */
function stopped(tally: Tally, names: number): Answer {
  const inForce = tally.revoked + tally.already;
  return problem({
    status: 503,
    detail: `The server could not confirm all of it: of ${names} names ${inForce} are revoked for certain and ${tally.unknown} are unknown here. Try again; what is revoked already is only counted.`,
    headers: seqHeader(tally),
  });
}
