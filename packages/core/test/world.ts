// Small worlds for properties: few issuers, subjects, clients and ids, so that entries and tokens often meet.
import {
  type FeedEntry,
  firstOfEpoch,
  type Judged,
  type RevokeEntry,
  type Unit,
  unitKey,
} from "@rescind/core";
import fc from "fast-check";

export const issuer = "https://as.example";
export const foreignIssuer = "https://idp.example";

/** An entry that knows its unit, as the server keeps it. */
export interface KeyedRevoke extends RevokeEntry {
  readonly of: Unit;
}
export type KeyedEntry = KeyedRevoke | Exclude<FeedEntry, RevokeEntry>;

const oneOf = <Value>(...values: Value[]) => fc.constantFrom(...values);
const perhaps = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

const tokenIds = oneOf("tid_1", "tid_2", "tid_3");
const grantIds = oneOf("gnt_1", "gnt_2");
const sessionIds = oneOf("ses_1", "ses_2");
const subjects = oneOf("usr_1", "usr_2");
const clients = oneOf("shop", "bank");
const keyIds = oneOf("key_1", "key_2");
const kids = oneOf("es-1", "es-2");

/** Seconds; close together, so that comparisons meet their edges. */
export const seconds = fc.integer({ min: 1000, max: 1030 });
const rev = fc.integer({ min: 0, max: 12 });

export const fingerprints = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString("base64url"));

export const units: fc.Arbitrary<Unit> = fc.oneof(
  tokenIds.map((value): Unit => ({ name: "token", issuer, value })),
  grantIds.map((value): Unit => ({ name: "grant", issuer, value })),
  sessionIds.map((value): Unit => ({ name: "session", issuer, value })),
  sessionIds.map((value): Unit => ({ name: "logout", issuer, value })),
  subjects.map((value): Unit => ({ name: "subject", issuer, value })),
  clients.map((value): Unit => ({ name: "client", issuer, value })),
  fc
    .tuple(fc.oneof(subjects, clients), clients)
    .map(([value, client]): Unit => ({ name: "subject+client", issuer, value, client })),
  keyIds.map((value): Unit => ({ name: "key", issuer, value })),
  kids.map((value): Unit => ({ name: "signing-key", issuer, value })),
  fc.constant<Unit>({ name: "all", issuer, value: "" }),
  fc.constant<Unit>({ name: "issuer", issuer: foreignIssuer, value: "" }),
  subjects.map((value): Unit => ({ name: "subject", issuer: foreignIssuer, value })),
  tokenIds.map((value): Unit => ({ name: "token", issuer: foreignIssuer, value })),
);

/** A token of ours that a user granted. */
export const userTokens: fc.Arbitrary<Judged> = fc.record({
  issuer: fc.constant(issuer),
  ours: fc.constant(true),
  tokenId: tokenIds,
  grantId: grantIds,
  sessionId: perhaps(sessionIds),
  subject: subjects,
  clientId: clients,
  keyId: perhaps(keyIds),
  signingKey: perhaps(kids),
  offline: fc.boolean(),
  rev,
  authorisedAt: seconds,
  expiresAt: seconds,
  notBefore: perhaps(seconds),
  lineage: fc.constant([]),
});

/** A client-credentials token: `sub` is the client's id; no grant, no session. */
export const clientTokens: fc.Arbitrary<Judged> = userTokens.map((token) => ({
  ...token,
  grantId: undefined,
  sessionId: undefined,
  subject: token.clientId,
  offline: false,
}));

/** A JWT of a registered foreign issuer: no `rev`, sometimes no `iat`. */
export const foreignTokens: fc.Arbitrary<Judged> = fc.record({
  issuer: fc.constant(foreignIssuer),
  ours: fc.constant(false),
  tokenId: perhaps(tokenIds),
  subject: perhaps(subjects),
  clientId: perhaps(fc.oneof(clients, subjects)),
  offline: fc.constant(false),
  authorisedAt: perhaps(seconds),
  expiresAt: seconds,
  lineage: fc.constant([]),
});

const sessions: fc.Arbitrary<Judged> = fc.record({
  issuer: fc.constant(issuer),
  ours: fc.constant(true),
  sessionId: sessionIds,
  subject: subjects,
  offline: fc.constant(false),
  rev,
  authorisedAt: seconds,
  expiresAt: seconds,
  lineage: fc.constant([]),
});

export const tokens: fc.Arbitrary<Judged> = fc.oneof(userTokens, clientTokens, foreignTokens, sessions);

const revokes = fc.record({
  of: units,
  fp: fingerprints,
  before: perhaps(seconds),
  suspend: fc.boolean(),
  expires: perhaps(seconds),
});

type Step =
  | { readonly kind: "revoke"; readonly revoke: Omit<KeyedRevoke, "seq" | "kind" | "unit"> }
  /** `back`: how many numbers before its own the entry stands that it names; a negative one lies ahead. */
  | { readonly kind: "lift"; readonly back: number }
  | { readonly kind: "restore"; readonly keepTokens: boolean; readonly fp: string };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: revokes.map((revoke): Step => ({ kind: "revoke", revoke: plain(revoke) })) },
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 8 }).map((back): Step => ({ kind: "lift", back })) },
  {
    weight: 1,
    arbitrary: fc
      .record({ keepTokens: fc.boolean(), fp: fingerprints })
      .map((restore): Step => ({ kind: "restore", ...restore })),
  },
);

/** A log from its beginning: orders, lifts (also of unknown numbers and of lifts), restores with their epochs. */
export const logs: fc.Arbitrary<KeyedEntry[]> = fc.array(steps, { maxLength: 30 }).map((plan) => {
  let seq = 0;
  let epoch = 0;
  return plan.map((step): KeyedEntry => {
    if (step.kind === "restore") {
      epoch += 1000;
      seq = firstOfEpoch(epoch);
      const of: Unit = { name: "all", issuer, value: "" };
      return step.keepTokens
        ? { seq, kind: "epoch" }
        : { seq, kind: "revoke", unit: "all", of, fp: step.fp, expires: 1020 };
    }
    seq += 1;
    if (step.kind === "lift") return { seq, kind: "lift", lifts: Math.max(0, seq - step.back) };
    return { seq, kind: "revoke", unit: step.revoke.of.name, ...step.revoke };
  });
});

/** A standing entry with its unit, for rules that need no log. */
export const standing: fc.Arbitrary<KeyedRevoke> = fc
  .record({ seq: fc.integer({ min: 1, max: 12 }), revoke: revokes })
  .map(({ seq, revoke }) => ({ seq, kind: "revoke", unit: revoke.of.name, ...plain(revoke) }));

/** The hash at an entry, for readers that do not check the chain. */
export function hashAt(entry: { readonly seq: number }): string {
  return `hash-${entry.seq}`;
}

export function keysOf(entry: KeyedRevoke): readonly string[] {
  return [unitKey(entry.of)];
}

/** Suspensions are of clients and consumer keys only, and have neither `before` nor `expires`. */
function plain(revoke: {
  of: Unit;
  fp: string;
  before: number | undefined;
  suspend: boolean;
  expires: number | undefined;
}): Omit<KeyedRevoke, "seq" | "kind" | "unit"> {
  const { of, fp, before, expires } = revoke;
  if (revoke.suspend && (of.name === "client" || of.name === "key")) return { of, fp, suspend: true };
  return { of, fp, before, expires };
}
