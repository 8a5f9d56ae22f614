// What a subscription hears: a pure function of its binding and of one audit record.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventTypes } from "@rescind/admin-api";
import { revocationReasons, type Unit, unitNames } from "@rescind/core";
import type { AuditRecord, Binding, Subscription } from "@rescind/store";
import { selectOf } from "../../src/revocation/select.ts";
import { eventOfApproval, eventOfReason, eventOfUnit, eventsFor } from "../../src/webhooks/events.ts";

const issuer = "https://issuer.example";
const none: Binding = { kind: "none" };
const client: Binding = { kind: "client", clientId: "shop" };
const grant: Binding = {
  kind: "grant",
  grantId: "gnt_7",
  clientId: "shop",
  subject: "usr_alice",
  sessionId: "ses_3",
  offline: false,
  openedAt: 100,
  expiresAt: 1_000_000_000,
};

interface Facts {
  readonly unit?: Unit;
  readonly action?: string;
  readonly content?: Record<string, unknown>;
  readonly number?: number;
}

function unit(name: Unit["name"], value = "x", more: Partial<Unit> = {}): Unit {
  return { name, issuer, value, ...more };
}

function record({ unit: of = unit("token", "tid_5"), action = "revoke", ...facts }: Facts = {}): AuditRecord {
  return {
    number: facts.number ?? 12,
    atMs: Date.parse("2026-02-03T04:05:06.789Z"),
    action,
    actor: { kind: "admin", id: "usr_root" },
    orderId: "77",
    seq: 9,
    content: { unit: of, select: selectOf(of), reason: "administrator", ...facts.content },
    hash: "",
    feedHash: "",
  };
}

type Hearer = Pick<Subscription, "id" | "binding" | "events" | "cancelledBy">;

function heard(one: AuditRecord, subscription: Partial<Hearer> = {}): Record<string, unknown>[] {
  const hearer: Hearer = { id: "5", binding: none, events: [], cancelledBy: undefined, ...subscription };
  return eventsFor(hearer, one).map(({ type, body }) => {
    const parsed = JSON.parse(body);
    assert.equal(parsed.type, type);
    return parsed;
  });
}

function types(one: AuditRecord, subscription: Partial<Hearer> = {}): unknown[] {
  return heard(one, subscription).map(({ type }) => type);
}

test("every unit has its event, a suspension of a client or key another", () => {
  const expected: Record<string, string> = {
    token: "token.revoked",
    grant: "grant.revoked",
    session: "session.revoked",
    logout: "session.revoked",
    subject: "subject.revoked",
    client: "client.revoked",
    "subject+client": "grant.revoked",
    key: "key.revoked",
    "signing-key": "signing_key.revoked",
    issuer: "issuer.revoked",
    all: "all.revoked",
  };
  for (const name of unitNames) assert.deepEqual(types(record({ unit: unit(name) })), [expected[name]]);
  for (const name of ["client", "key"] as const)
    assert.deepEqual(types(record({ unit: unit(name), content: { suspend: true } })), [`${name}.suspended`]);
});

test("a replay and a leak come first, under their own names, and the order after them", () => {
  const of = unit("grant", "gnt_7");
  assert.deepEqual(types(record({ unit: of, content: { reason: "replay_detected" } })), [
    "replay.detected",
    "grant.revoked",
  ]);
  assert.deepEqual(types(record({ content: { reason: "token_leaked" } })), ["token.leaked", "token.revoked"]);
  for (const reason of revocationReasons.filter((one) => !(one in eventOfReason)))
    assert.equal(types(record({ content: { reason } })).length, 1, reason);
});

test("a lift is told, an approval by the name of what is approved too", () => {
  const content = { lifts: 4, revocation_id: "rev_66" };
  const [lifted] = heard(record({ action: "lift", unit: unit("subject", "usr_alice"), content }));
  assert.equal(lifted?.type, "revocation.lifted");
  const { lifts, revocation_id, subject, final } = lifted.data as Record<string, unknown>;
  assert.deepEqual([lifts, revocation_id, subject, final], [4, "rev_66", "usr_alice", undefined]);
  for (const name of ["client", "key"] as const)
    assert.deepEqual(types(record({ action: "approve", unit: unit(name), content })), [
      `${name}.approved`,
      "revocation.lifted",
    ]);
});

test("what is no order is no event", () => {
  for (const action of ["client.created", "revocation.refused", "subscription.cancelled", "grant.opened"])
    assert.deepEqual(types(record({ action, content: { unit: undefined } })), []);
});

test("an event says what the record says: number, time, who, why, what, whose, and no unit's inside", () => {
  const one = record({
    content: {
      note: "as agreed",
      before: 1_700_000_000,
      final: true,
      about: { clientId: "shop", subject: "usr_alice", grantId: "gnt_7" },
    },
  });
  assert.deepEqual(heard(one), [
    {
      type: "token.revoked",
      timestamp: "2026-02-03T04:05:06.789Z",
      data: {
        seq: 9,
        at: "2026-02-03T04:05:06.789Z",
        revocation_id: "rev_77",
        select: { token_id: "tid_5" },
        client_id: "shop",
        subject: "usr_alice",
        grant_id: "gnt_7",
        reason: "administrator",
        note: "as agreed",
        actor: { kind: "admin", id: "usr_root" },
        before: "2023-11-14T22:13:20Z",
        final: true,
      },
    },
  ]);
});

test("another issuer's subject is told in select alone, since it is none of ours", () => {
  const select = { issuer: "https://other.example", subject: "usr_alice" };
  const of = unit("subject", "usr_alice", { issuer: select.issuer });
  const [told] = heard(record({ unit: of, content: { select } }));
  const data = told?.data as Record<string, unknown>;
  assert.deepEqual([told?.type, data.select, data.subject], ["subject.revoked", select, undefined]);
});

test("a client's subscription hears what names the client, and what ends everything", () => {
  const binding = client;
  const named: AuditRecord[] = [
    record({ content: { about: { clientId: "shop" } } }),
    record({ unit: unit("client", "shop") }),
    record({ unit: unit("subject+client", "usr_alice", { client: "shop" }) }),
    record({ unit: unit("key", "key_1"), content: { about: { clientId: "shop" } } }),
    record({ unit: unit("all", "") }),
  ];
  for (const one of named) assert.equal(types(one, { binding }).length, 1, JSON.stringify(one.content));
  const others: AuditRecord[] = [
    record(),
    record({ content: { about: { clientId: "other" } } }),
    record({ unit: unit("client", "other") }),
    record({ unit: unit("subject+client", "usr_alice", { client: "other" }) }),
    record({ unit: unit("subject", "usr_alice") }),
    record({ unit: unit("signing-key", "kid") }),
  ];
  for (const one of others) assert.deepEqual(types(one, { binding }), [], JSON.stringify(one.content));
});

test("a grant's subscription hears what is about the grant", () => {
  const binding = grant;
  assert.deepEqual(types(record({ content: { about: { grantId: "gnt_7" } } }), { binding }), [
    "token.revoked",
  ]);
  assert.deepEqual(types(record({ content: { about: { grantId: "gnt_8" } } }), { binding }), []);
  assert.deepEqual(types(record({ unit: unit("subject", "usr_bob") }), { binding }), []);
});

test("what covered the grant is told as the reason of its end, then the end, then nothing more", () => {
  const order = record({ unit: unit("subject", "usr_alice"), content: { reason: "user_disabled" } });
  const ended = { binding: grant, cancelledBy: order.number };
  const [first, last, ...more] = heard(order, ended);
  assert.deepEqual([first?.type, last?.type, more], ["subject.revoked", "subscription.cancelled", []]);
  const data = last?.data as Record<string, unknown>;
  assert.deepEqual(
    [data.subscription_id, data.reason, data.select, data.grant_id, data.client_id, data.subject, data.seq],
    ["sub_5", "user_disabled", { subject: "usr_alice" }, "gnt_7", "shop", "usr_alice", 9],
  );
  const later = record({ number: order.number + 1, content: { about: { grantId: "gnt_7" } } });
  assert.deepEqual(types(later, ended), []);
});

test("a list of events leaves out all others, but never the last one", () => {
  const order = record({ unit: unit("grant", "gnt_7"), content: { reason: "replay_detected" } });
  const events = ["replay.detected"];
  assert.deepEqual(types(order, { events }), ["replay.detected"]);
  assert.deepEqual(types(order, { events: ["token.revoked"] }), []);
  assert.deepEqual(types(order, { binding: grant, events, cancelledBy: order.number }), [
    "replay.detected",
    "subscription.cancelled",
  ]);
});

test("a subscription that was deleted, or that the server ended, says so", () => {
  const call = record({ action: "subscription.cancelled", content: { unit: undefined } });
  const ended = { binding: client, cancelledBy: call.number };
  const [deleted] = heard(call, ended);
  assert.equal(deleted?.type, "subscription.cancelled");
  assert.deepEqual(deleted.data, {
    subscription_id: "sub_5",
    at: "2026-02-03T04:05:06.789Z",
    reason: "deleted",
    actor: { kind: "admin", id: "usr_root" },
    client_id: "shop",
  });
  const [gone] = heard({ ...call, actor: { kind: "server", id: "endpoint_gone" } }, ended);
  assert.equal((gone?.data as Record<string, unknown>).reason, "endpoint_gone");
});

test("a note is for the operator: only a subscription to everything gets it", () => {
  const one = record({ content: { note: "internal", about: { clientId: "shop", grantId: "gnt_7" } } });
  for (const [binding, shown] of [
    [none, true],
    [client, false],
    [grant, false],
  ] as const)
    assert.equal(JSON.stringify(heard(one, { binding })).includes("internal"), shown, binding.kind);
});

test("every event type of the contract is made by some record, and no other", () => {
  const made = [
    ...Object.values(eventOfUnit).flatMap(({ revoked, suspended = revoked }) => [revoked, suspended]),
    ...Object.values(eventOfReason),
    ...Object.values(eventOfApproval),
    "revocation.lifted",
    "subscription.cancelled",
  ];
  assert.deepEqual([...new Set(made)].sort(), [...eventTypes].sort());
});
