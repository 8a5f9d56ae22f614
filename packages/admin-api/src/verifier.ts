// Verifiers: which of them has applied what. Seen from the server, so `fresh` says whether the last lease it gave
// may still be in force, and `lag` counts the entries after the position that the verifier last reported.

import Type from "typebox";
import { Count, Seq, Time, type Wire } from "./field.ts";

export const Position = Type.Object({ seq: Seq, hash: Type.String() });

export const VerifierItem = Type.Object({
  verifier: Type.String(),
  name: Type.Optional(Type.String()),
  client_id: Type.String(),
  applied: Position,
  lag: Count,
  fresh: Type.Boolean(),
  max_staleness: Type.Number({ description: "Seconds." }),
  last_lease_at: Time,
  counts: Type.Optional(
    Type.Object({
      checks: Type.Optional(Count),
      refusals: Type.Optional(Count),
      revoked_uses: Type.Optional(Count),
    }),
  ),
});

export type VerifierItem = Wire<typeof VerifierItem>;
