// Acknowledgement and lease in one: POST /revocations/acks. DESIGN.md section 5. `issued_at` is taken before the head
// is read, so that the head includes everything acknowledged before it (FAULTS D2).

import { stalenessCap } from "@rescind/core";
import Type, { type Static } from "typebox";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { bearerRefusal, problem } from "../http/respond.ts";
import type { BearerRequest } from "../http/routes.ts";
import { signJws } from "../keys/jws.ts";

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

export async function acknowledge(request: BearerRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as Static<typeof ackBody>; // checked by the schema at the edge
  const { caller } = request;
  if (caller === undefined) return bearerRefusal({ kind: "missing" });
  const issuedAt = deps.now();
  const { position } = await deps.store.head();
  const { applied } = body;
  const onLog = applied.seq <= position.seq && (await deps.store.hashAt(applied.seq)) === applied.hash;
  if (!onLog)
    return problem({
      status: 409,
      code: "resync",
      detail: "applied is not on this log: load again from the start.",
    });
  deps.fleet.met({
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
  const lease = { nonce: body.nonce, head: position.seq, hash: position.hash, issued_at: issuedAt };
  const key = (await deps.catalog.keys(caller.head)).signer("feed", "EdDSA", deps.now());
  if (key === undefined) throw new Error("no signing key for leases");
  const signed = signJws(
    key.headerFor("rescind-lease+jwt"),
    { iss: deps.issuer, ...lease },
    key.alg,
    key.privateKey,
  );
  return ok({ ...lease, signed }, { "cache-control": "no-store" });
}
