// Verifiers: which of them has applied what. Seen from the server, so `fresh` says whether the last lease it gave
// may still be in force, and `lag` counts the entries after the position that the verifier last reported.

import Type from "typebox";
import { ClientId, Count, Seq, Time, type Wire } from "./field.ts";

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

export const VerifierHistoryQuery = Type.Object(
  {
    client_id: Type.Optional(ClientId),
    verifier: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: "With client_id: of this one only." }),
    ),
  },
  { additionalProperties: false },
);

export type VerifierHistoryQuery = Wire<typeof VerifierHistoryQuery>;

export const VerifierHistory = Type.Object(
  {
    as_of: Time,
    points: Type.Array(
      Type.Object({
        at: Time,
        fresh: Count,
        stale: Count,
        lag: Type.Integer({ minimum: 0, description: "Entries; of several verifiers the furthest behind." }),
      }),
      {
        description:
          "A point a minute for a day, from when the node that answers was started; the last one is now.",
      },
    ),
  },
  { description: "A verifier that was not met within a day has none." },
);

export type VerifierHistory = Wire<typeof VerifierHistory>;
