// E1: whoever edits the audit records in the file itself is found out, whatever they edit.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Store } from "@rescind/store";
import fc from "fast-check";
import { rounds, seed } from "../../../test/seed.ts";
import { administrator, order, unit } from "./conformance/facts.ts";
import { boundTo, subscribed } from "./conformance/webhook-facts.ts";
import { freshPath, openAt } from "./opened.ts";

const records = 12;
const columns = [
  "number",
  "order_id",
  "seq",
  "lifts",
  "at_ms",
  "action",
  "actor_kind",
  "actor_id",
  "content",
  "feed_hash",
  "hash",
  "idempotency",
  "subject",
  "client_id",
  "grant_id",
] as const;
const whole = new Set<string>(["number", "order_id", "seq", "lifts", "at_ms"]);
const needed = new Set<string>([
  "number",
  "at_ms",
  "action",
  "actor_kind",
  "actor_id",
  "content",
  "feed_hash",
  "hash",
]);

const path = freshPath();
const store = await openAt(path);
await fill(store);
test.after(() => store.close());

test("the columns edited here are all that the audit has", () => {
  const database = new DatabaseSync(path, { readOnly: true });
  const found = database.prepare("SELECT name FROM pragma_table_info('audit')").all();
  database.close();
  assert.deepEqual(found.map(({ name }) => name).sort(), [...columns].sort());
});

test("E1 what nobody edited is whole", async () => {
  assert.equal(await checked(() => undefined), undefined);
});

test("E1 an edit of any column of any record is found, and where it is", async () => {
  const anyEdit = fc.record({
    number: fc.integer({ min: 1, max: records }),
    column: fc.constantFrom(...columns),
    how: fc.constantFrom("another", "nothing", "last letter", "other case"),
    place: fc.nat(),
  });
  const isFound = fc.asyncProperty(anyEdit, async ({ number, column, how, place }) => {
    const before = readOne(path, number, column);
    const after = edited(column, before, how, place);
    fc.pre(after !== before && !(after === null && needed.has(column)));
    const brokenAt = await checked((database) => {
      database.prepare(`UPDATE audit SET ${column} = ? WHERE number = ?`).run(after, number);
    });
    // One that is moved to the front stands where the first should.
    const found = column === "number" && Number(after) < number ? 1 : number;
    assert.equal(brokenAt, found, `${column}: ${before} became ${after}`);
  });
  await fc.assert(isFound, { seed, numRuns: rounds(300, 5000) });
});

test("E1 a record that was deleted, added, doubled, moved or swapped is found", async () => {
  for (let number = 1; number <= records; number += 1) {
    const brokenAt = await checked((database) => {
      database.prepare("DELETE FROM audit WHERE number = ?").run(number);
    });
    assert.equal(brokenAt, number);
  }
  assert.equal(await checked((database) => database.exec("DELETE FROM audit")), 1);
  for (let number = 1; number < records; number += 1) {
    const brokenAt = await checked((database) => {
      const move = database.prepare("UPDATE audit SET number = ? WHERE number = ?");
      for (const [to, from] of [
        [1000, number],
        [number, number + 1],
        [number + 1, 1000],
      ])
        move.run(to ?? 0, from ?? 0);
    });
    assert.equal(brokenAt, number);
  }
  const add = (
    number: number,
  ) => `INSERT INTO audit SELECT ${number}, NULL, NULL, NULL, at_ms, action, actor_kind,
    actor_id, content, feed_hash, hash, NULL, subject, client_id, grant_id FROM audit WHERE number = 1`;
  assert.equal(await checked((database) => database.exec(add(records + 1))), records + 1);
  assert.equal(await checked((database) => database.exec(add(0))), 1);
  assert.equal(await checked((database) => database.exec(add(-5))), 1);
});

test("E1 a cut history does not pass with the head set back, unless the log's is too", async () => {
  const brokenAt = await checked((database) => {
    database.exec(`DELETE FROM audit WHERE number > 8`);
    database.exec(`UPDATE feed_head SET audit_number = 8`);
  });
  assert.equal(brokenAt, 9);
});

/** Orders of several kinds, a lift, an approval, a record of no entry, a cancelled subscription. */
async function fill(to: Store): Promise<void> {
  const lifted = order(to, unit("subject", "usr_1"));
  const suspended = order(to, unit("client", "one"), { suspend: true });
  await to.revoke(lifted);
  await to.revoke(suspended);
  await to.revoke(order(to, unit("subject+client", "usr_1", "one"), { idempotency: "digest" }));
  await to.revoke(
    order(to, unit("token", "tid_1"), { about: { clientId: "one", subject: "usr_1", grantId: "gnt_5" } }),
  );
  await to.revokeMany(
    [2, 3].map((of) => order(to, unit("grant", `gnt_${of}`), { idempotency: `digest ${of}` })),
  );
  await to.lift({ id: to.nextId(), orderId: lifted.id, atMs: 1000, actor: administrator });
  await to.approve({ unit: suspended.unit, ids: () => to.nextId(), atMs: 1000, actor: administrator });
  await to.recordAudit({ action: "a", actor: administrator, atMs: 1, content: { a: "é" } });
  await to.recordAudit({
    action: "b",
    actor: administrator,
    atMs: 1,
    content: { about: { subject: "usr_1" } },
  });
  const { id } = await subscribed(to, boundTo(to));
  await to.cancelSubscription({ id, actor: administrator, atMs: 1000 });
  await to.revoke(order(to, unit("all", "")));
  assert.deepEqual(await to.verifyAudit(), { records, brokenAt: undefined });
}

/** Edits the file behind the store's back; the number at which the check finds it. Puts everything back afterwards. */
async function checked(edit: (database: DatabaseSync) => void): Promise<number | undefined> {
  const database = new DatabaseSync(path);
  try {
    database.exec(
      "CREATE TABLE kept AS SELECT * FROM audit; CREATE TABLE kept_head AS SELECT * FROM feed_head",
    );
    edit(database);
    return (await store.verifyAudit()).brokenAt;
  } finally {
    database.exec(`DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept;
      DELETE FROM feed_head; INSERT INTO feed_head SELECT * FROM kept_head; DROP TABLE kept_head`);
    database.close();
  }
}

function readOne(from: string, number: number, column: string): string | number | null {
  const database = new DatabaseSync(from, { readOnly: true });
  // Row ids do not fit a number; which one it was does not matter here.
  const row = database
    .prepare(
      `SELECT ${column === "order_id" ? "order_id % 1000003" : column} AS value FROM audit WHERE number = ?`,
    )
    .get(number);
  database.close();
  const value: unknown = row?.value ?? null;
  return typeof value === "string" || typeof value === "number" ? value : null;
}

function edited(
  column: string,
  before: string | number | null,
  how: string,
  place: number,
): string | number | null {
  if (how === "nothing") return null;
  if (whole.has(column))
    return typeof before === "number" && how === "last letter" ? -place : 1000 + (place % 1000);
  const text = String(before ?? "");
  if (how === "another" || text === "") return `x${place}`;
  if (how === "other case") return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
  const at = place % 2 === 0 ? text.length - 1 : place % text.length;
  const letter = text[at] === "A" ? "B" : "A";
  return text.slice(0, at) + letter + text.slice(at + 1);
}
