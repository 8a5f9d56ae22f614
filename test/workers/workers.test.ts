// `--workers 2` over one SQLite file: a worker is to the other what a node is to another one. Each is asked over
// connections of its own. docs/decisions/0014-workers.md.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { freePort } from "../free-port.ts";
import { revokeElsewhere } from "../nodes/revoked-elsewhere.ts";
import { openStream } from "../rfc/event-stream.ts";
import { type Answered, type AskedServer, basic, startTestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { type Form, pinnedWorkers } from "./pinned.ts";

const server = await startTestServer(["--workers", "2"]);
const { workers, forms, close } = pinnedWorkers(server, 2);
after(async () => {
  close();
  await server.close();
});
const [a, b] = workers;
const [formA, formB] = forms;
assert.ok(a !== undefined && b !== undefined && formA !== undefined && formB !== undefined);
const isLong = process.env.RESCIND_TEST_LONG === "1";

test("A1 IN-04 revoked at one worker, used at the other at once, no acceptance: a token 2,000 times, and every unit", async () => {
  const { uses, accepted } = await revokeElsewhere(workers, isLong ? 10_000 : 45, 8);
  assert.deepEqual(accepted, []);
  assert.equal(uses.size, 15);
  const client = await a.registerClient({ access_token_format: "opaque" });
  const own = basic(client.client_id, client.client_secret);
  const times = isLong ? 50_000 : 2_000;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let turn = next++; turn < times; turn = next++) {
      const here: Form = turn % 2 === 0 ? formA : formB;
      const there: Form = turn % 2 === 0 ? formB : formA;
      const issued = await there("/oauth2/token", "grant_type=client_credentials", own);
      const token = `token=${JSON.parse(issued).access_token}`;
      if (turn % 50 === 0) assert.match(await there("/oauth2/introspect", token, own), /"active":true/);
      await here("/oauth2/revoke", token, own);
      assert.equal(await there("/oauth2/introspect", token, own), '{"active":false}', `turn ${turn}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
});

test("RT-01 B1 of 64 refreshes of one token at two workers all that succeed get the same successor", async () => {
  const client = await a.registerClient();
  const { refresh_token = "" } = await a.openGrant(client);
  const form = { grant_type: "refresh_token", refresh_token };
  const asked = Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? a : b));
  const answers = await Promise.all(asked.map((worker) => worker.form("/oauth2/token", form, client)));
  const won = answers.filter(({ status }) => status === 200);
  assert.ok(won.length >= 1);
  for (const { status, json } of answers)
    if (status !== 200) assert.deepEqual([status, json.error], [400, "invalid_grant"]);
  assert.equal(new Set(won.map(({ json }) => json.refresh_token)).size, 1);
});

test("AC-20 wrong secrets at two workers in turn are refused like wrong ones at one", async () => {
  const client = await a.registerClient();
  let tried = 0;
  for (let time = 0; time < 45; time++) {
    const wrong = { ...client, client_secret: `wrong ${time}` };
    const asked = time % 2 === 0 ? a : b;
    const { status } = await asked.form("/oauth2/token", { grant_type: "client_credentials" }, wrong);
    if (status === 401) tried += 1;
  }
  assert.ok(tried >= 30 && tried <= 31, `${tried} attempts`);
});

async function order(at: AskedServer, headers: Record<string, string> = {}): Promise<Answered> {
  const select = { subject: `usr_${crypto.randomUUID()}` };
  const answer = await at.admin("POST", "/admin/v1/revocations", { select }, headers);
  assert.equal(answer.status, 201, answer.text);
  return answer;
}

test("subscribers of a server with workers hear of the orders at all of them, each once and in order", async () => {
  const authorization = `Bearer ${await a.tokenWithScope("rescind:feed")}`;
  const { json } = await a.request("/revocations", { headers: { authorization } });
  // Which worker a stream leads to is chance: of eight, all hear.
  const streams = await Promise.all(
    Array.from({ length: 8 }, () =>
      openStream(`${server.base}/revocations?after=${json.head}`, { authorization }),
    ),
  );
  const ordered: number[] = [];
  for (let times = 0; times < 10; times++)
    ordered.push(Number((await order(times % 2 === 0 ? a : b)).json.seq));
  for (const stream of streams) {
    const events = await stream.take(10);
    stream.close();
    assert.deepEqual(
      events.map(({ data }) => Number(JSON.parse(data).seq)),
      ordered,
    );
  }
});

test("whoever waits at one worker counts the verifiers of both", async () => {
  const authorization = `Bearer ${await a.tokenWithScope("rescind:feed")}`;
  const headers = { authorization, "content-type": "application/json" };
  const acknowledge = async (worker: AskedServer, verifier: string, seq = 0): Promise<number> => {
    const { json } = await worker.request("/revocations?limit=10000", { headers });
    const applied = { seq: Number(json.head), hash: String(json.hash) };
    if (applied.seq < seq) return 0;
    const asked = { verifier, applied, max_staleness: 60, nonce: "nonce-nonce" };
    const request = { method: "POST", headers, body: JSON.stringify(asked) };
    return (await worker.request("/revocations/acks", request)).status;
  };
  const told = ({ headers }: Answered): string | null => headers.get("rescind-effective");
  // Nothing is claimed before leases of earlier workers have run out.
  await until(async () => told(await order(a, { prefer: "wait=0" })) !== null);
  assert.deepEqual([await acknowledge(a, "at a"), await acknowledge(b, "at b")], [200, 200]);
  const early = await order(a, { prefer: "wait=0" });
  assert.equal(told(early), "0/2");
  const waiting = order(a, { prefer: "wait=30" });
  const seq = Number(early.json.seq) + 1;
  await until(async () => (await acknowledge(a, "at a", seq)) === 200);
  await until(async () => (await acknowledge(b, "at b", seq)) === 200);
  assert.equal(told(await waiting), "2/2");
});

test("one scrape shows what all workers did, and the settings say how many there are", async () => {
  const client = await a.registerClient();
  const issued = async (at: AskedServer): Promise<number> => {
    const { text } = await at.request("/metrics");
    return Number(/rescind_tokens_issued_total\{grant_type="client_credentials"\} (\d+)/.exec(text)?.[1]);
  };
  const before = await issued(a);
  await a.clientToken(client);
  await b.clientToken(client);
  assert.deepEqual([await issued(a), await issued(b)], [before + 2, before + 2]);
  assert.equal((await a.admin("GET", "/admin/v1/settings")).json.workers, 2);
});

test("an address that another server has is refused, though workers share theirs", async () => {
  const port = new URL(server.issuer).port;
  await assert.rejects(startTestServer(["--workers", "2", "--port", port]), { code: "EADDRINUSE" });
  const free = String(await freePort());
  const other = await startTestServer(["--port", free]);
  await assert.rejects(startTestServer(["--workers", "2", "--port", free]), { code: "EADDRINUSE" });
  await other.close();
});

test("A5 what workers stored one thread goes on with, and the other way round", async () => {
  const client = await a.registerClient();
  const [live, ended] = [await a.clientToken(client), await b.clientToken(client)];
  assert.equal((await a.form("/oauth2/revoke", { token: ended }, client)).status, 200);
  const holds = async (): Promise<void> => {
    assert.equal((await server.introspect(live)).active, true);
    assert.equal((await server.introspect(ended)).active, false);
  };
  close();
  await server.restart(["--workers", "1"]);
  await holds();
  await server.restart(["--workers", "3"]);
  await holds();
});
