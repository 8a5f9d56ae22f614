// What operations see of the verifiers: GET /metrics (THREATS WEB-16: no identifiers).

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestServer } from "../../../../test/running-server.ts";

test("WEB-16 lag, time to acknowledgement and freshness of verifiers are metrics, without names", async (t) => {
  const server = await startTestServer();
  t.after(() => server.close());
  const authorization = `Bearer ${await server.tokenWithScope("rescind:feed")}`;
  const position = async () => (await server.admin("GET", "/admin/v1/settings")).json.head;
  const acknowledge = async (applied: unknown) => {
    const body = { verifier: "v-secret-name", name: "Orders", applied, max_staleness: 60, nonce: "12345678" };
    const answer = await server.request("/revocations/acks", {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200, answer.text);
  };
  const first = await position();
  await acknowledge(first);
  for (const subject of ["usr_a", "usr_b"])
    await server.admin("POST", "/admin/v1/revocations", { select: { subject } });
  await acknowledge(first);
  await acknowledge(await position());

  const { text } = await server.request("/metrics");
  const value = (line: string) =>
    Number(
      text
        .split("\n")
        .find((one) => one.startsWith(`${line} `))
        ?.split(" ")[1],
    );
  assert.equal(value('rescind_verifier_lag_entries_bucket{le="0"}'), 2);
  assert.equal(value('rescind_verifier_lag_entries_bucket{le="1"}'), 2);
  assert.equal(value('rescind_verifier_lag_entries_bucket{le="10"}'), 3);
  assert.equal(value("rescind_acknowledgement_seconds_count"), 1);
  assert.equal(value('rescind_verifiers{freshness="fresh"}'), 1);
  assert.equal(value('rescind_verifiers{freshness="stale"}'), 0);
  assert.equal(
    value('rescind_http_request_duration_seconds_count{route="/revocations/acks",status="200"}'),
    3,
  );
  assert.ok(!text.includes("v-secret-name") && !text.includes("Orders"));
});
