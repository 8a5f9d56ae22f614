// What may happen, as plain data that fast-check can shrink and print. Numbers pick among what is there, so that every
// step means something in every world.

import fc from "fast-check";
import type { Reach } from "./world.ts";

const pick = fc.nat({ max: 4095 });

export type Step =
  | { readonly do: "own token"; readonly client: number; readonly key: number }
  | { readonly do: "grant"; readonly client: number; readonly subject: number }
  | { readonly do: "sign in"; readonly subject: number }
  | { readonly do: "code"; readonly client: number; readonly subject: number; readonly offline: boolean }
  | { readonly do: "redeem"; readonly code: number; readonly key: number }
  | { readonly do: "refresh"; readonly token: number; readonly key: number; readonly by?: number | undefined }
  | { readonly do: "two minutes pass"; readonly token: number }
  | {
      readonly do: "foreign token";
      readonly subject: number;
      readonly jti: boolean;
      /** Seconds since it was issued; undefined: it does not say. */
      readonly age?: number | undefined;
    }
  | {
      readonly do: "exchange";
      readonly client: number;
      readonly key: number;
      readonly token: number;
      readonly actor?: number | undefined;
      readonly resource: number;
    }
  | {
      readonly do: "revoke";
      readonly token: number;
      readonly key: number;
      readonly cascade?: Reach | undefined;
      readonly by?: number | undefined;
    }
  | {
      readonly do: "order";
      readonly unit: Named;
      readonly of: number;
      readonly before?: number | undefined;
      readonly final: boolean;
    }
  | { readonly do: "lift"; readonly order: number }
  | { readonly do: "suspend" | "approve"; readonly client: number; readonly key?: number | undefined }
  | { readonly do: "log out"; readonly subject: number };

/** What an administrator names, of the token that was picked. */
export type Named =
  | "token"
  | "token_id"
  | "grant_id"
  | "session_id"
  | "subject"
  | "client_id"
  | "subject+client"
  | "key_id"
  | "kid"
  | "all";

// What reaches far stands here once, what reaches less more often: a world in which all is dead tells nothing.
const narrow = fc.constantFrom<Named[]>("token", "token_id", "grant_id", "grant_id", "session_id", "key_id");
const wide = fc.constantFrom<Named[]>(
  "session_id",
  "subject",
  "subject",
  "client_id",
  "subject+client",
  "key_id",
);
const widest = fc.constantFrom<Named[]>("kid", "all", "client_id");

const reach = fc.constantFrom<Reach[]>("token", "grant", "subject_client");
/** One in so many of what is drawn is this, else undefined. */
function sometimes<Value>(oneIn: number, arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  const nothing: fc.Arbitrary<Value | undefined> = fc.constant(undefined);
  return fc.oneof({ weight: oneIn - 1, arbitrary: nothing }, { weight: 1, arbitrary });
}

function ordering(unit: fc.Arbitrary<Named>): fc.Arbitrary<Step> {
  const before = sometimes(3, fc.nat({ max: 2 }));
  const final = fc.nat({ max: 5 }).map((one) => one === 5);
  return fc.record({ do: fc.constant("order" as const), unit, of: pick, before, final });
}

const foreignAge = fc.constantFrom(30, 30, 60, undefined);

/** How often each step comes, and what it is made of; what makes tokens comes often enough for orders to meet some. */
const kinds: readonly (readonly [number, fc.Arbitrary<Step>])[] = [
  [2, fc.record({ do: fc.constant("own token" as const), client: pick, key: pick })],
  [6, fc.record({ do: fc.constant("grant" as const), client: pick, subject: pick })],
  [2, fc.record({ do: fc.constant("sign in" as const), subject: pick })],
  [5, fc.record({ do: fc.constant("code" as const), client: pick, subject: pick, offline: fc.boolean() })],
  [5, fc.record({ do: fc.constant("redeem" as const), code: pick, key: pick })],
  [9, fc.record({ do: fc.constant("refresh" as const), token: pick, key: pick, by: sometimes(12, pick) })],
  [2, fc.record({ do: fc.constant("two minutes pass" as const), token: pick })],
  [
    3,
    fc.record({
      do: fc.constant("foreign token" as const),
      subject: pick,
      jti: fc.boolean(),
      age: foreignAge,
    }),
  ],
  [
    9,
    fc.record({
      do: fc.constant("exchange" as const),
      client: pick,
      key: pick,
      token: pick,
      actor: sometimes(2, pick),
      resource: pick,
    }),
  ],
  [
    5,
    fc.record({
      do: fc.constant("revoke" as const),
      token: pick,
      key: pick,
      cascade: sometimes(2, reach),
      by: sometimes(8, pick),
    }),
  ],
  [6, ordering(narrow)],
  [8, ordering(wide)],
  [1, ordering(widest)],
  [9, fc.record({ do: fc.constant("lift" as const), order: pick })],
  [2, fc.record({ do: fc.constant("suspend" as const), client: pick, key: sometimes(2, pick) })],
  [4, fc.record({ do: fc.constant("approve" as const), client: pick, key: sometimes(2, pick) })],
  [1, fc.record({ do: fc.constant("log out" as const), subject: pick })],
];

export const step: fc.Arbitrary<Step> = fc.oneof(
  ...kinds.map(([weight, arbitrary]) => ({ weight, arbitrary })),
);

/** Picks the live one of this number. */
const nth = (place: number): number => place * 4 + 1;

/**
 * How every world begins: grants of several subjects at several clients, and a tree of exchanges among them, with actors of
 * other subjects and a token of another issuer.
 */
export const beginning: readonly Step[] = [
  { do: "grant", client: 0, subject: 0 },
  { do: "grant", client: 0, subject: 2 },
  { do: "grant", client: 1, subject: 1 },
  { do: "grant", client: 2, subject: 0 },
  { do: "grant", client: 3, subject: 1 },
  { do: "foreign token", subject: 0, jti: true, age: 60 },
  { do: "exchange", client: 0, key: 0, token: nth(0), actor: nth(2), resource: 0 },
  { do: "exchange", client: 1, key: 0, token: nth(1), resource: 0 },
  { do: "exchange", client: 2, key: 0, token: nth(6), actor: nth(7), resource: 0 },
  { do: "exchange", client: 0, key: 1, token: nth(3), actor: nth(5), resource: 1 },
];
