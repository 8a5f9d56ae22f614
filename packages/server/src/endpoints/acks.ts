// Acknowledgement and lease in one: POST /revocations/acks. DESIGN.md section 5. `issued_at` is taken before the head
// is read, so that the head includes everything acknowledged before it (FAULTS D2).

import { type Position, stalenessCap } from "@rescind/core";
import Type, { type Static } from "typebox";
import type { Dependencies } from "../dependencies.ts";
import { lagBehind } from "../feed/lag.ts";
import { type Answer, ok } from "../http/answer.ts";
import { bearerRefusal, problem } from "../http/respond.ts";
import type { BearerRequest } from "../http/routes.ts";
import { decodeJws, signJws } from "../keys/jws.ts";
import { leasedPosition } from "../moving/presented-lease.ts";
import type { Bearer } from "../tokens/bearer.ts";

export const ackBody = Type.Object(
  {
    verifier: Type.String({ minLength: 1, maxLength: 128 }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    applied: Type.Object(
      {
        seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
        hash: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
      },
      { additionalProperties: false },
    ),
    max_staleness: Type.Number({ exclusiveMinimum: 0, maximum: stalenessCap, description: "seconds" }),
    nonce: Type.String({ minLength: 8, maxLength: 128 }),
    lease: Type.Optional(Type.String({ maxLength: 4096 })),
    counts: Type.Optional(
      Type.Object(
        {
          checks: Type.Integer({ minimum: 0 }),
          refusals: Type.Integer({ minimum: 0 }),
          revoked_uses: Type.Integer({ minimum: 0 }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

type Acknowledgement = Static<typeof ackBody>;

export async function acknowledge(request: BearerRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as Acknowledgement; // checked by the schema at the edge
  const { caller } = request;
  if (caller === undefined) return bearerRefusal({ kind: "missing" });
  // Before anything is read: a lease that names the head of now counts from now on for whoever waits (`feed/effect.ts`),
  // on whichever node.
  const settled = await deps.fleet.asks({
    clientId: caller.token.clientId,
    verifier: body.verifier,
    maxStaleness: body.max_staleness,
  });
  try {
    await deps.effect.allowFor(body.max_staleness);
    return await lease(body, caller, deps);
  } finally {
    settled();
  }
}

async function lease(body: Acknowledgement, caller: Bearer, deps: Dependencies): Promise<Answer> {
  const issuedAt = deps.now();
  const head = await deps.sharedHead();
  // Of a database that came back from a backup no lease is given.
  await deps.standing.reach(head);
  const { position } = head;
  const { applied } = body;
  const isApplied = await isOnLog(applied, position, deps);
  await noticeLoss(body, isApplied, caller, deps);
  if (!isApplied)
    return problem({
      status: 409,
      code: "resync",
      detail: "applied is not on this log: load again from the start.",
    });
  const before = deps.fleet.met({
    verifier: body.verifier,
    name: body.name,
    clientId: caller.token.clientId,
    applied,
    maxStaleness: body.max_staleness,
    lastLeaseAtMs: issuedAt,
    counts: {
      checks: body.counts?.checks ?? 0,
      refusals: body.counts?.refusals ?? 0,
      revokedUses: body.counts?.revoked_uses ?? 0,
    },
  });
  deps.metrics.lease(await lagBehind(position.seq, applied.seq, deps.store));
  const waited =
    before === undefined ? undefined : deps.orderTimes.acknowledgedAfter(before.applied.seq, applied.seq);
  if (waited !== undefined) deps.metrics.acknowledged(waited);
  const granted = { nonce: body.nonce, head: position.seq, hash: position.hash, issued_at: issuedAt };
  const key = (await deps.catalog.keys(caller.head)).signer("feed", "EdDSA", deps.now());
  if (key === undefined) throw new Error("no signing key for leases");
  const signed = signJws(
    key.headerFor("rescind-lease+jwt"),
    { iss: deps.issuer, ...granted },
    key.alg,
    key.privateKey,
  );
  return ok({ ...granted, signed }, { "cache-control": "no-store" });
}

/**
 * What a lease of ours names was on this log. Whoever has applied it, and is on the log with that, proves it still is;
 * otherwise it is looked for, and where it is gone a new epoch begins (DESIGN.md section 1, "Restores").
 */
async function noticeLoss(
  { lease: presented, applied }: Acknowledgement,
  isApplied: boolean,
  caller: Bearer,
  deps: Dependencies,
): Promise<void> {
  if (presented === undefined) return;
  const claimed = decodeJws(presented)?.payload.head;
  if (isApplied && typeof claimed === "number" && claimed <= applied.seq) return;
  const leased = leasedPosition(presented, deps.issuer, await deps.catalog.keys(caller.head));
  if (leased !== undefined) await deps.restores.lost(leased);
}

/** Most verifiers stand at the head, whose hash is known already. */
async function isOnLog(applied: Position, head: Position, { store }: Dependencies): Promise<boolean> {
  if (applied.seq === head.seq) return applied.hash === head.hash;
  return applied.seq < head.seq && (await store.hashAt(applied.seq)) === applied.hash;
}
