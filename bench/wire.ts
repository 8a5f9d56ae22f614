// What one revocation and one lease are in bytes: on the feed's stream, on the wire, and in PostgreSQL's log. Bytes do not
// depend on what else the machine does. Feeds docs/scale.md.
// Run: node --conditions=source bench/wire.ts

import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import type { Socket } from "node:net";
import { startNodes } from "../test/nodes.ts";
import { startCluster } from "../test/postgres.ts";
import type { RegisteredClient, TestServer } from "../test/running-server.ts";

const times = 500;
const cluster = await startCluster();
const all = await startNodes(1, { cluster });
const server = all.node(0);
try {
  const shop = await server.registerClient({ access_token_format: "opaque" });
  const feed = `Bearer ${await server.tokenWithScope("rescind:feed")}`;
  const tokens: string[] = [];
  for (let time = 0; time < times; time++) tokens.push(await server.clientToken(shop));
  const stream = await subscribe(server, feed);
  const single = await measured(stream, () => revokeEach(server, shop, tokens));
  const wide = await measured(stream, async () => {
    for (let time = 0; time < times; time++)
      await server.admin("POST", "/admin/v1/revocations", { select: { subject: `usr_${time}` } });
  });
  stream.end();
  const leases = await leaseBytes(server, feed);
  console.log("| one | bytes of the stream | bytes of PostgreSQL's log | commits |");
  console.log("| --- | --- | --- | --- |");
  for (const [name, figures] of Object.entries({ "order on a token": single, "order on a subject": wide }))
    console.log(`| ${name} | ${figures.map((figure) => figure.toFixed(1)).join(" | ")} |`);
  console.log(`\nA lease: ${leases.sent.toFixed(0)} bytes sent, ${leases.received.toFixed(0)} received.`);
} finally {
  await all.close();
  await cluster.stop();
}

async function revokeEach(
  to: TestServer,
  client: RegisteredClient,
  tokens: readonly string[],
): Promise<void> {
  for (const token of tokens) {
    const { status } = await to.form("/oauth2/revoke", { token }, client);
    if (status !== 200) throw new Error(`not revoked: ${status}`);
  }
}

interface Stream {
  received(): number;
  end(): void;
}

function subscribe(to: TestServer, authorization: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, accept: "text/event-stream" };
    const sent = request(`${to.base}/revocations?after=0`, { headers }, (response) => {
      let received = 0;
      response.on("data", (chunk: Buffer) => {
        received += chunk.length;
      });
      response.on("error", () => undefined); // `end` makes it
      resolve({ received: () => received, end: () => void sent.destroy() });
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Of the stream, of the write-ahead log, and commits, for each of `times`. */
async function measured(
  stream: Stream,
  work: () => Promise<void>,
): Promise<readonly [number, number, number]> {
  const [bytes, wal, commits] = [stream.received(), ...(await databaseFigures())];
  await work();
  // The statistics are told by each connection of PostgreSQL once it has been idle for a while.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const [walAfter, commitsAfter] = await databaseFigures();
  return [
    (stream.received() - bytes) / times,
    (walAfter - Number(wal)) / times,
    (commitsAfter - Number(commits)) / times,
  ];
}

async function databaseFigures(): Promise<readonly [number, number]> {
  const database = new URL(all.database).pathname.slice(1);
  const sql = `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal,
    (SELECT xact_commit FROM pg_stat_database WHERE datname = '${database}') AS commits`;
  const [row] = await cluster.query(sql);
  return [Number(row?.wal), Number(row?.commits)];
}

/** Over one kept connection, headers included. */
async function leaseBytes(to: TestServer, authorization: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { json } = await to.request("/revocations?limit=1000", { headers: { authorization } });
  const entries = json.entries as { seq: number }[]; // the contract's page
  const applied = { seq: entries.at(-1)?.seq, hash: json.hash };
  let socket: Socket | undefined;
  let lease: string | undefined;
  let [sentBefore, receivedBefore] = [0, 0];
  for (let time = 0; time <= times; time++) {
    const body = JSON.stringify({
      ...{ verifier: "vrf_0123456789abcdef", name: "orders", applied, max_staleness: 5, lease },
      ...{
        nonce: randomBytes(18).toString("base64url"),
        counts: { checks: 1000, refusals: 1, revoked_uses: 1 },
      },
    });
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { authorization, "content-type": "application/json" };
      const sent = request(`${to.base}/revocations/acks`, { method: "POST", agent, headers }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
        socket = response.socket;
      });
      sent.on("error", reject);
      sent.end(body);
    });
    lease = JSON.parse(answer).signed;
    if (time === 0) [sentBefore, receivedBefore] = [socket?.bytesWritten ?? 0, socket?.bytesRead ?? 0];
  }
  agent.destroy();
  return {
    sent: ((socket?.bytesWritten ?? 0) - sentBefore) / times,
    received: ((socket?.bytesRead ?? 0) - receivedBefore) / times,
  };
}
