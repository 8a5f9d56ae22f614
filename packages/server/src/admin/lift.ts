// Takes an administrator's order back: POST /admin/v1/revocations/{id}/lift. The tokens come back where they have not
// expired and nothing else covers them.

import type { NewLift } from "@rescind/admin-api";
import { formatId, parseId } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { catchUp, seqHeader } from "../revocation/commit.ts";
import { administrator } from "./administrator.ts";
import { refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";

export async function lift(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewLift; // checked against the contract's schema
  const orderId = parseId("revocation", request.params.id ?? "");
  if (orderId === undefined) return unknown;
  const receipt = await deps.store.lift({
    id: deps.store.nextId(),
    orderId,
    atMs: deps.now(),
    actor: administrator(request),
    note: body.note,
    ack: deps.awaited,
  });
  switch (receipt.kind) {
    case "unknown":
      return unknown;
    case "refused":
      return refused("not-liftable", whyNot[receipt.why]);
    case "lifted":
      await catchUp(deps);
      return ok(
        { id: formatId("revocation", orderId), seq: receipt.seq, lifts: receipt.lifts },
        seqHeader(receipt),
      );
  }
}

const unknown = refused("not-found", "There is no revocation with this id.");

const whyNot = {
  final: "This revocation was ordered for good.",
  lifted: "This revocation is lifted already.",
  "not-administrator": "Only what an administrator ordered can be lifted.",
} as const;
