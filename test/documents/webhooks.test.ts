// docs/reference/webhooks.md says what the code does: the table of events, the schedule, and how a signature is verified.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventTypes } from "@rescind/admin-api";
import { eventOfApproval, eventOfReason, eventOfUnit } from "../../packages/server/src/webhooks/events.ts";
import { webhookSchedule } from "../../packages/server/src/webhooks/schedule.ts";
import { newWebhookSecret, signatureHeaders } from "../../packages/server/src/webhooks/signature.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/webhooks.md"), "utf8");

test("the table of events is the code's: every type once, with the orders that make it", () => {
  const rows = page
    .split("\n")
    .filter((line) => /^\| `[a-z_]+\.[a-z]+` \|/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  assert.deepEqual(
    rows.map(([, type]) => type),
    eventTypes.map((type) => `\`${type}\``),
  );
  const expected = new Map<string, string[]>(eventTypes.map((type) => [type, []]));
  for (const [unit, { revoked, suspended }] of Object.entries(eventOfUnit)) {
    expected.get(revoked)?.push(`\`${unit}\``);
    if (suspended !== undefined) expected.get(suspended)?.push(`\`${unit}\`, suspended`);
  }
  for (const [unit, type] of Object.entries(eventOfApproval))
    expected.get(type)?.push(`\`${unit}\`, approved`);
  for (const [, written = "", , units, reason] of rows) {
    const type = written.slice(1, -1);
    assert.equal(units, expected.get(type)?.toSorted().join(", "), type);
    const of = Object.entries(eventOfReason).find(([, event]) => event === type)?.[0];
    assert.equal(reason, of === undefined ? "" : `\`${of}\``, type);
  }
});

test("the schedule on the page is the code's", () => {
  const { attempts, firstMs, factor, jitter, mostMs, atOnce, timeoutMs } = webhookSchedule;
  const [, said] = /<!-- schedule -->(.*)<!-- \/schedule -->/.exec(page) ?? [];
  assert.deepEqual([factor, jitter], [3, 0.2], "three times, a fifth");
  assert.equal(
    said,
    `${attempts} attempts, ${firstMs / 1000} seconds after the first, each wait three times the one before (a fifth more or less by chance), ${mostMs / 3_600_000} hours at most`,
  );
  assert.ok(page.includes(`${atOnce} attempts are made at once`));
  assert.ok(page.includes(`Answer 2xx within ${timeoutMs / 1000} seconds`));
});

test("the receiver's ten lines verify what this server signs, and nothing else", async () => {
  const [, code = ""] = /```js\n(.*?)```/s.exec(page) ?? [];
  const { verifyWebhook } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const secret = newWebhookSecret();
  const body = JSON.stringify({ type: "token.revoked", data: {} });
  const at = Math.floor(Date.now() / 1000);
  const headers = signatureHeaders({ id: "evt_1", at, body }, secret);
  assert.deepEqual(verifyWebhook(headers, body, secret), JSON.parse(body));
  const both = { ...headers, "webhook-signature": `v1,b2xk ${headers["webhook-signature"]}` };
  assert.deepEqual(verifyWebhook(both, body, secret), JSON.parse(body));
  const wrong: [Record<string, string>, string, string][] = [
    [headers, `${body} `, secret],
    [headers, body, newWebhookSecret()],
    [{ ...headers, "webhook-id": "evt_2" }, body, secret],
    [{ ...headers, "webhook-signature": "v1,AAAA" }, body, secret],
    [signatureHeaders({ id: "evt_1", at: at - 3600, body }, secret), body, secret],
    [{ ...headers, "webhook-timestamp": "soon" }, body, secret],
  ];
  for (const [given, text, key] of wrong) assert.throws(() => verifyWebhook(given, text, key));
});

test("the example on the page has the members that events have", () => {
  const [, json = "{}"] = /```json\n(.*?)```/s.exec(page) ?? [];
  const { type, timestamp, data } = JSON.parse(json);
  assert.ok(eventTypes.includes(type));
  assert.equal(timestamp, data.at);
});
