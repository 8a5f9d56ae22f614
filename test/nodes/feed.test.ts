// The feed on several nodes: subscribers of any hear of orders at any, leases of any name what any has answered, and
// whoever waits at one counts the verifiers of all. FAULTS D2, DESIGN.md section 5.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startNodes } from "../nodes.ts";
import { openStream } from "../rfc/event-stream.ts";
import type { Answered, TestServer } from "../running-server.ts";
import { until } from "../until.ts";

const all = await startNodes(2);
after(() => all.close());
const [a, b] = [all.node(0), all.node(1)];
const authorization = `Bearer ${await a.tokenWithScope("rescind:feed")}`;

async function order(at: TestServer, headers: Record<string, string> = {}): Promise<Answered> {
  const select = { subject: `usr_${crypto.randomUUID()}` };
  const answer = await at.admin("POST", "/admin/v1/revocations", { select }, headers);
  assert.equal(answer.status, 201, answer.text);
  return answer;
}

interface Head {
  readonly seq: number;
  readonly hash: string;
}

async function headAt(node: TestServer): Promise<Head> {
  const { json } = await node.request("/revocations?limit=10000", { headers: { authorization } });
  return { seq: Number(json.head), hash: String(json.hash) };
}

function acknowledge(
  node: TestServer,
  verifier: string,
  applied: Head,
  maxStaleness = 60,
): Promise<Answered> {
  return node.request("/revocations/acks", {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ verifier, applied, max_staleness: maxStaleness, nonce: "nonce-nonce" }),
  });
}

test("a subscriber at one node hears of orders at the other, each once and in order", async () => {
  const stream = await openStream(`${b.base}/revocations?after=${(await headAt(b)).seq}`, { authorization });
  const ordered: number[] = [];
  for (let times = 0; times < 20; times++)
    ordered.push(Number((await order(times % 2 === 0 ? a : b)).json.seq));
  const events = await stream.take(20);
  stream.close();
  assert.deepEqual(
    events.map(({ data }) => Number(JSON.parse(data).seq)),
    ordered,
  );
});

test("D2 IN-04 a lease, a page and a snapshot of one node name what the other has answered", async () => {
  for (let times = 0; times < 20; times++) {
    const applied = await headAt(b);
    const { json } = await order(a);
    const lease = await acknowledge(b, "prompt", applied);
    assert.equal(lease.status, 200, lease.text);
    assert.ok(Number(lease.json.head) >= Number(json.seq));
    const again = await order(a);
    assert.ok((await headAt(b)).seq >= Number(again.json.seq));
  }
  const { json } = await order(a);
  const snapshot = await fetch(`${b.base}/revocations/snapshot`, { headers: { authorization } });
  const [, seq] = /"(\d+)\./.exec(snapshot.headers.get("etag") ?? "") ?? [];
  await snapshot.arrayBuffer();
  assert.ok(Number(seq) >= Number(json.seq), `${seq} ${json.seq}`);
});

test("whoever waits at one node counts the verifiers of both, and is answered when those of both have applied it", async () => {
  const told = ({ headers }: Answered): string | null => headers.get("rescind-effective");
  // Nothing is claimed before leases of earlier nodes have run out, which each node counts from its own start.
  for (const node of [a, b]) await until(async () => told(await order(node, { prefer: "wait=0" })) !== null);
  for (const [node, verifier] of [
    [a, "at a"],
    [b, "at b"],
  ] as const)
    assert.equal((await acknowledge(node, verifier, await headAt(node))).status, 200);
  const early = await order(a, { prefer: "wait=0" });
  const [, counted] = (told(early) ?? "").split("/");
  assert.equal(counted, "3", "the one of the test before too");
  const waiting = order(a, { prefer: "wait=30" });
  const head = await until(async () => {
    const now = await headAt(b);
    return now.seq > Number(early.json.seq) && now;
  });
  for (const [node, verifier] of [
    [a, "at a"],
    [b, "at b"],
    [b, "prompt"],
  ] as const)
    assert.equal((await acknowledge(node, verifier, head)).status, 200);
  assert.equal(told(await waiting), "3/3");
  for (const node of [a, b]) {
    const { json } = await node.admin("GET", "/admin/v1/verifiers");
    const items = json.items as { verifier: string; fresh: boolean }[]; // the contract's schema
    assert.deepEqual(items.map(({ verifier, fresh }) => `${verifier} ${fresh}`).toSorted(), [
      "at a true",
      "at b true",
      "prompt true",
    ]);
  }
});

test("a verifier that goes from node to node is one, and one whose lease ran out is none", async () => {
  const head = await headAt(a);
  const rove = async (): Promise<void> => {
    for (const node of [a, b, a]) assert.equal((await acknowledge(node, "rover", head, 1)).status, 200);
  };
  const counts = async (): Promise<string | undefined> =>
    (await order(b, { prefer: "wait=0" })).headers.get("rescind-effective")?.split("/")[1];
  // Its lease may run out on a busy machine before it is counted; counted twice it would be five.
  const seen = await until(async () => {
    await rove();
    const now = await counts();
    return now !== "3" && now;
  });
  assert.equal(seen, "4");
  await until(async () => (await counts()) === "3");
});

test("a feed stream of a node that stops ends with the word when to come back, and another node goes on with it", async () => {
  const c = await all.add();
  const from = await headAt(c);
  const response = await fetch(`${c.base}/revocations?after=${from.seq}.${from.hash}`, {
    headers: { authorization, accept: "text/event-stream" },
  });
  const first = await order(a);
  const text = response.text();
  await until(async () => (await headAt(c)).seq >= Number(first.json.seq));
  const stopping = c.close();
  const { json } = await order(b);
  const said = await text;
  await stopping;
  assert.match(said, /event: entry\nid: \d+\./);
  assert.match(said, /retry: \d+\n: [^\n]*Last-Event-ID\n\n$/);
  const [last = ""] = [...said.matchAll(/^id: (.*)$/gm)].map(([, id = ""]) => id).slice(-1);
  const stream = await openStream(`${b.base}/revocations`, { authorization, "last-event-id": last });
  const seqs: number[] = [];
  while (seqs.at(-1) !== Number(json.seq))
    for (const { data } of await stream.take(1)) seqs.push(Number(JSON.parse(data).seq));
  stream.close();
});
