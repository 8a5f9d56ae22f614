// Orders of administrators and the history of all orders: /admin/v1/revocations. CONTRACT.md sections 5 and 6. The
// answer comes after the commit; counting comes after the order, unless `max_affected` asks for it before.

import {
  formatTime,
  formatTimeMs,
  type NewRevocation,
  parseTimeMs,
  type RevocationAnswer,
  type RevocationItem,
  type RevocationQuery,
  readSelect,
  type Selected,
  takesBefore,
} from "@rescind/admin-api";
import { formatId, isWide } from "@rescind/core";
import type { OrderRecord, Receipt } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { replaceSigningKey } from "../keys/signing-keys.ts";
import { commitOrder, seqHeader } from "../revocation/commit.ts";
import { administrator } from "./administrator.ts";
import { affectedAnswer, byClientAnswer, countingLimits, countReach } from "./affected.ts";
import { idempotencyMismatch } from "./idempotency.ts";
import { pageRequest, storedList } from "./list-page.ts";
import { isOfAnotherRequest } from "./order-repeated.ts";
import { invalidField, refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";
import { lookUpSelection, type Selection } from "./selection.ts";

export async function revoke(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewRevocation; // checked against the contract's schema
  const selected = readSelect(body.select);
  if (selected === undefined)
    return invalidField(
      "/select",
      "Name exactly one unit; only subject and client_id go together, or issuer with subject or jti.",
    );
  const before = readBefore(body.before, selected, deps.now());
  if (typeof before === "object") return before;
  const selection = await lookUpSelection(selected, deps);
  if ("status" in selection) return selection;
  const asked = { ...selection, before };
  if (body.max_affected !== undefined && !isCounted(asked, deps))
    return invalidField(
      "/max_affected",
      "How many tokens another issuer has given out is not known here, so nothing can hold them to a number.",
    );
  const over = body.max_affected === undefined ? undefined : await overCap(asked, body.max_affected, deps);
  if (over !== undefined) return over;
  if (body.dry_run === true) return preview(asked, deps);

  // First another key, so that issuing goes on; what the old one still signs meanwhile is born dead.
  if (selection.signingKey !== undefined)
    await replaceSigningKey(deps.store, deps.seal, selection.signingKey, deps.now());
  const order = {
    unit: selection.unit,
    select: selection.select,
    about: selection.about,
    actor: administrator(request),
    reason: body.reason ?? "administrator",
    note: body.note,
    final: body.final ?? false,
    before,
    idempotency: request.idempotency,
  } as const;
  const receipt = await commitOrder(order, deps);
  if (await isOfAnotherRequest(order, receipt, deps)) return idempotencyMismatch();
  return receiptAnswer(asked, receipt, deps);
}

export async function listRevocations(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { subject, client_id: clientId, ...page } = request.query as RevocationQuery; // checked against the schema
  return storedList(deps.store.listOrders({ subject, clientId }, pageRequest(page)), revocationItem);
}

/** Seconds; undefined where none was given; an answer where it may not be. */
function readBefore(
  text: string | undefined,
  selected: Selected,
  nowMs: number,
): number | undefined | Answer {
  if (text === undefined) return undefined;
  if (!takesBefore(selected))
    return invalidField(
      "/before",
      "An order of one token, grant or signing key covers it for good and takes no before.",
    );
  const atMs = parseTimeMs(text);
  if (atMs === undefined) return invalidField("/before", "This time does not exist.");
  if (atMs > nowMs) return invalidField("/before", "It must not lie in the future.");
  return atMs / 1000;
}

interface Asked extends Selection {
  /** Seconds, inclusive. */
  readonly before: number | undefined;
}

/** False for all that another issuer gave out, or gave one subject: only what was exchanged from it is known here. */
function isCounted({ unit }: Asked, deps: Pick<Dependencies, "issuer">): boolean {
  return unit.issuer === deps.issuer || !isWide(unit.name);
}

async function overCap(
  { unit, before }: Asked,
  most: number,
  deps: Dependencies,
): Promise<Answer | undefined> {
  const affected = await countReach({ unit, before, limitMs: countingLimits.cap, atMost: most }, deps);
  const { accessTokens, refreshTokens } = affected;
  const found = accessTokens + refreshTokens;
  if (affected.exact && found <= most) return undefined;
  const counts = `${accessTokens} access tokens and ${refreshTokens} refresh tokens`;
  const detail =
    found > most
      ? `The order would reach ${counts}${affected.exact ? "" : " at least"}, and max_affected is ${most}. Nothing was changed.`
      : `${counts} were found before time ran out; whether max_affected holds is not known. Nothing was changed.`;
  return refused("affects-too-many", detail, [{ pointer: "/max_affected", detail: `is ${most}.` }]);
}

async function preview(asked: Asked, deps: Dependencies): Promise<Answer> {
  const { unit, select, before } = asked;
  const atMs = deps.now();
  const affected = await countReach({ unit, before, limitMs: countingLimits.preview }, deps);
  return ok({
    select,
    affected: affectedAnswer({ ...affected, exact: affected.exact && isCounted(asked, deps) }),
    at: formatTimeMs(atMs),
    by_client: byClientAnswer(affected),
  });
}

async function receiptAnswer(asked: Asked, receipt: Receipt, deps: Dependencies): Promise<Answer> {
  const { unit, select, before } = asked;
  // Where an equal entry stood already, what it covers was dead before this order.
  const ignoring = receipt.appended ? receipt.seq : undefined;
  const affected = await countReach({ unit, before, limitMs: countingLimits.receipt, ignoring }, deps);
  const body: RevocationAnswer = {
    id: formatId("revocation", receipt.orderId),
    seq: receipt.seq,
    select,
    affected: affectedAnswer({ ...affected, exact: affected.exact && isCounted(asked, deps) }),
    at: formatTimeMs(receipt.atMs),
  };
  return { status: 201, headers: seqHeader(receipt), body };
}

function revocationItem(order: OrderRecord): RevocationItem {
  return {
    id: formatId("revocation", order.id),
    seq: order.seq,
    select: order.select,
    at: formatTimeMs(order.atMs),
    reason: order.reason,
    ...(order.note === undefined ? {} : { note: order.note }),
    actor: order.actor,
    ...(order.before === undefined ? {} : { before: formatTime(order.before) }),
    suspend: order.suspend,
    final: order.final,
    ...(order.liftedBy === undefined ? {} : { lifted_by: order.liftedBy }),
  };
}
