// The feed as text/event-stream: CONTRACT.md section 6. The same objects as the pages, `id: SEQ.HASH`, Last-Event-ID
// in either form, 410 resync, and an end when the reader's credential ends.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { openStream } from "./event-stream.ts";

const server = await startTestServer();
after(() => server.close());

const url = `${server.issuer}/revocations`;
const authorization = `Bearer ${await server.tokenWithScope("rescind:feed")}`;
const client = await server.registerClient();

/** Revokes so many tokens; the number of the last entry. */
async function revokeSome(count: number): Promise<number> {
  let seq = 0;
  for (let i = 0; i < count; i++) {
    const token = await server.clientToken(client);
    const { headers } = await server.form("/oauth2/revoke", { token }, client);
    seq = Number(headers.get("rescind-seq"));
  }
  return seq;
}

async function head(): Promise<{ seq: number; hash: string }> {
  const { json } = await server.request("/revocations?limit=10000", { headers: { authorization } });
  return { seq: Number(json.head), hash: String(json.hash) };
}

test("a stream gives what is there and then every entry as it is committed", async () => {
  await revokeSome(3);
  const stream = await openStream(url, { authorization });
  assert.equal(stream.status, 200);
  assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.equal(stream.headers.get("cache-control"), "no-store");
  const past = await stream.take(3);
  await revokeSome(2);
  const live = await stream.take(2);
  stream.close();
  const page = await server.request("/revocations", { headers: { authorization } });
  const events = [...past, ...live];
  assert.deepEqual(
    events.map(({ data }) => JSON.parse(data)),
    page.json.entries,
  );
  assert.ok(events.every(({ event }) => event === "entry"));
  assert.deepEqual(
    events.map(({ id }) => id.split(".")[0]),
    ["1", "2", "3", "4", "5"],
  );
  assert.equal(events.at(-1)?.id, `5.${page.json.hash}`);
});

test("an entry is on the stream without delay: the reader has it before the next page could be asked for", async () => {
  const stream = await openStream(`${url}?after=${(await head()).seq}`, { authorization });
  for (let i = 0; i < 20; i++) {
    const seq = await revokeSome(1);
    const [event] = await stream.take(1);
    assert.equal(JSON.parse(event?.data ?? "{}").seq, seq);
  }
  stream.close();
});

test("Last-Event-ID is honoured as SEQ.HASH and as SEQ, and wins over after", async () => {
  const { seq, hash } = await head();
  const next = await revokeSome(2);
  for (const id of [`${seq}.${hash}`, String(seq)]) {
    const stream = await openStream(`${url}?after=0`, { authorization, "last-event-id": id });
    const events = await stream.take(2);
    assert.deepEqual(
      events.map(({ data }) => JSON.parse(data).seq),
      [next - 1, next],
    );
    stream.close();
  }
});

test("a position that is not on the log is 410 resync before anything is streamed", async () => {
  await revokeSome(2);
  const { seq, hash } = await head();
  for (const id of [`${seq + 1}.${hash}`, `${seq - 1}.${hash}`, String(seq + 1)]) {
    const response = await fetch(url, {
      headers: { authorization, accept: "text/event-stream", "last-event-id": id },
    });
    assert.equal(response.status, 410, id);
    assert.equal(((await response.json()) as { code: string }).code, "resync");
  }
});

test("two readers from different positions end with the same entries while revocations go on", async () => {
  const from = (await head()).seq;
  const first = await openStream(`${url}?after=${from}`, { authorization });
  const busy = revokeSome(30);
  const second = await openStream(`${url}?after=${from}`, { authorization });
  const last = await busy;
  const [one, two] = await Promise.all([first.take(last - from), second.take(last - from)]);
  assert.deepEqual(one, two);
  assert.deepEqual(
    one.map(({ data }) => JSON.parse(data).seq),
    Array.from({ length: last - from }, (_, index) => from + 1 + index),
  );
  first.close();
  second.close();
});

test("FD-09 a stream ends when the token that opened it is revoked", async () => {
  const own = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:feed" });
  const token = await server.clientToken(own);
  const stream = await openStream(url, { authorization: `Bearer ${token}` });
  await server.form("/oauth2/revoke", { token }, own);
  await stream.ended;
  const again = await openStream(url, { authorization: `Bearer ${token}` });
  assert.equal(again.status, 401);
});

test("FD-09 a stream ends when its client is suspended", async () => {
  const own = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:feed" });
  const stream = await openStream(url, { authorization: `Bearer ${await server.clientToken(own)}` });
  await server.admin("POST", `/admin/v1/clients/${own.client_id}/revoke`);
  await stream.ended;
});

test("a stream wants the scope and the right method like the pages", async () => {
  assert.equal((await fetch(url, { headers: { accept: "text/event-stream" } })).status, 401);
  const other = `Bearer ${await server.tokenWithScope("rescind:admin")}`;
  assert.equal((await openStream(url, { authorization: other })).status, 403);
});
