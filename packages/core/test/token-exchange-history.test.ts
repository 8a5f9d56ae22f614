// Exchanges in any history of orders and lifts: what comes of a token dies with it, and nothing else does. A small server
// of the test's own: a log, tokens, and exchanges of what is live at their time. FAULTS A6, B4, C3.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clockTolerance,
  covers,
  decideExchange,
  type Judged,
  lineageOf,
  liveness,
  mostExchanges,
  type StandingEntry,
  type Unit,
  unitKey,
  unitsOf,
} from "@rescind/core";
import fc from "fast-check";
import { client } from "./clients.ts";
import { holds } from "./property.ts";
import { clientTokens, foreignTokens, issuer, userTokens } from "./world.ts";

const revoked = { kind: "revoked", by: { seq: 1, unit: "token" } } as const;

// A fingerprint is the unit's own name here.
interface Held {
  readonly judged: Judged;
  readonly exchanges: number;
  readonly parents: readonly Held[];
}

interface World {
  readonly held: Held[];
  readonly log: (StandingEntry & { readonly key: string })[];
  head: number;
  now: number;
}

const keysOf = (judged: Judged): Set<string> => new Set([...unitsOf(judged).map(unitKey), ...judged.lineage]);

function verdictOf({ judged }: Held, { log, now }: World) {
  const keys = keysOf(judged);
  return liveness(
    judged,
    log.filter(({ key }) => keys.has(key)),
    now,
  );
}

const ancestorsOf = (held: Held): Held[] =>
  held.parents.flatMap((parent) => [parent, ...ancestorsOf(parent)]);

type Step =
  | { readonly kind: "issue"; readonly judged: Judged }
  | { readonly kind: "exchange"; readonly picks: readonly number[]; readonly clientId: string }
  | {
      readonly kind: "order";
      readonly pick: number;
      readonly unit: number;
      readonly back: number | undefined;
      readonly suspend: boolean;
    }
  | { readonly kind: "lift"; readonly pick: number };

const index = fc.nat({ max: 60 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .oneof(userTokens, clientTokens, foreignTokens)
      .map((judged): Step => ({ kind: "issue", judged: { ...judged, notBefore: undefined } })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.array(index, { minLength: 1, maxLength: 2 }), fc.constantFrom("shop", "bank", "usr_1"))
      .map(([picks, clientId]): Step => ({ kind: "exchange", picks, clientId })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        ...{ pick: index, unit: index, suspend: fc.boolean() },
        back: fc.option(fc.integer({ min: 0, max: 15 }), { nil: undefined }),
      })
      .map((order): Step => ({ kind: "order", ...order })),
  },
  { weight: 1, arbitrary: index.map((pick): Step => ({ kind: "lift", pick })) },
);

let serial = 0;

function take(step: Step, world: World): void {
  world.now += 1;
  const { held, log, now } = world;
  const at = <Item>(items: readonly Item[], pick: number): Item | undefined => items[pick % items.length];
  switch (step.kind) {
    case "issue": {
      const { ours } = step.judged;
      const authorisedAt = step.judged.authorisedAt === undefined ? undefined : now - (serial++ % 12);
      const rev = ours ? world.head : undefined;
      const judged = { ...step.judged, tokenId: `tid_${serial}`, rev, authorisedAt, expiresAt: now + 1000 };
      held.push({ judged, exchanges: 0, parents: [] });
      return;
    }
    case "exchange": {
      const parents = step.picks.map((pick) => at(held, pick)).filter((one) => one !== undefined);
      const [first, second] = parents.map((one) => ({
        ...{ judged: one.judged, subject: one.judged.subject ?? "ann", clientId: one.judged.clientId },
        ...{ scopes: [], audience: [issuer], exchanges: one.exchanges, act: undefined, authTime: undefined },
      }));
      if (first === undefined) return;
      const [subjectVerdict, actorVerdict] = parents.map((one) => verdictOf(one, world));
      const decision = decideExchange({
        ...{ client, issuer, subject: first, subjectVerdict: subjectVerdict ?? revoked },
        ...{ actor: second, actorVerdict },
      });
      if ("kind" in decision) return;
      const lineage = lineageOf(
        parents.map(({ judged }) => judged),
        unitKey,
      );
      serial += 1;
      held.push({
        judged: {
          ...{ issuer, ours: true, tokenId: `tid_${serial}`, subject: decision.subject },
          ...{ clientId: step.clientId, keyId: `key_${step.clientId}`, offline: false, rev: world.head },
          ...{ authorisedAt: decision.grantIat, expiresAt: decision.expiresAt, lineage },
        },
        ...{ exchanges: decision.exchanges, parents },
      });
      return;
    }
    case "order": {
      const target = at(held, step.pick);
      const unit = target === undefined ? undefined : at<Unit>(unitsOf(target.judged), step.unit);
      if (target === undefined || unit === undefined) return;
      world.head += 1;
      const narrow = ["token", "grant", "signing-key"].includes(unit.name);
      const suspend = step.suspend && (unit.name === "client" || unit.name === "key");
      // Wide orders of a foreign issuer's tokens always carry a time.
      const back = step.back ?? (target.judged.ours ? undefined : 0);
      const before = narrow || suspend || back === undefined ? undefined : now - back;
      log.push({ seq: world.head, unit: unit.name, key: unitKey(unit), before, suspend });
      return;
    }
    case "lift": {
      world.head += 1;
      if (log.length > 0) log.splice(step.pick % log.length, 1);
    }
  }
}

test("B4 C3 in any history a token is dead where any of its ancestors is, whatever the unit, and no later than they", () => {
  holds(
    fc.property(fc.array(steps, { maxLength: 60 }), (plan) => {
      const world: World = { held: [], log: [], head: 0, now: 1000 };
      for (const step of plan) {
        take(step, world);
        for (const child of world.held)
          for (const parent of child.parents) {
            if (verdictOf(parent, world).kind === "revoked")
              assert.equal(
                verdictOf(child, world).kind,
                "revoked",
                JSON.stringify({ child, log: world.log }),
              );
            assert.ok(child.judged.expiresAt <= parent.judged.expiresAt);
            assert.ok(child.exchanges > parent.exchanges && child.exchanges <= mostExchanges);
          }
      }
    }),
    1500,
  );
});

test("A6 in any history a token that is revoked is so by an entry of its own unit or of an ancestor's; siblings live", () => {
  holds(
    fc.property(fc.array(steps, { maxLength: 60 }), (plan) => {
      const world: World = { held: [], log: [], head: 0, now: 1000 };
      for (const step of plan) take(step, world);
      for (const held of world.held) {
        const verdict = verdictOf(held, world);
        if (verdict.kind !== "revoked") continue;
        const line = [held, ...ancestorsOf(held)];
        const by = world.log.find(({ seq }) => seq === verdict.by.seq);
        const belongs = line.filter(({ judged }) => keysOf({ ...judged, lineage: [] }).has(by?.key ?? ""));
        assert.notEqual(belongs.length, 0);
        // Without a time it is exact: it covers the one whose unit it is, too. With one it may reach further, since a
        // token counts as authorised when the earliest of its line was.
        if (verdict.by.before === undefined)
          assert.ok(belongs.some(({ judged }) => covers(verdict.by, judged)));
        else
          assert.ok(
            line.some(
              ({ judged }) => (judged.authorisedAt ?? 0) <= (verdict.by.before ?? 0) + clockTolerance,
            ),
          );
      }
    }),
    1500,
  );
});

test("the properties are not empty: most histories have exchanged tokens, dead ones among them", () => {
  let [exchanged, dead, deep] = [0, 0, 0];
  for (const plan of fc.sample(fc.array(steps, { minLength: 30, maxLength: 60 }), {
    numRuns: 200,
    seed: 7,
  })) {
    const world: World = { held: [], log: [], head: 0, now: 1000 };
    for (const step of plan) take(step, world);
    const children = world.held.filter(({ parents }) => parents.length > 0);
    exchanged += children.length;
    dead += children.filter((child) => verdictOf(child, world).kind === "revoked").length;
    deep += children.filter(({ exchanges }) => exchanges > 2).length;
  }
  assert.ok(exchanged > 500 && dead > 100 && deep > 50, `${exchanged} exchanged, ${dead} dead, ${deep} deep`);
});
