// Orders of every size, side by side in one run: a subject and a client with one token against one with very many, dry
// runs, and single tokens in bulk while others are answered. Exits with 1 if an answer was not as it must be; never
// because of a time. Run: node --conditions=source bench/orders.ts [--full] [--tokens N] [--bulk N] [--data DIR]

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { basic } from "./contenders/contender.ts";
import { describeMachine } from "./measure/machine.ts";
import { timeBulk } from "./orders/bulk.ts";
import { freePort, type OwnServer, startOwn } from "./orders/own-server.ts";
import { seed } from "./orders/seed.ts";
import { compareWide, timeDryRun, type Wide } from "./orders/wide.ts";
import { pinThisProcess } from "./pinned-process.ts";

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    tokens: { type: "string" },
    bulk: { type: "string" },
    rounds: { type: "string", default: "15" },
    data: { type: "string", default: "data" },
  },
});
const many = Number(values.tokens ?? 1_000_000);
const singles = Number(values.bulk ?? (values.full ? 1_000_000 : 100_000));
mkdirSync(values.data, { recursive: true });
pinThisProcess();
const machine = describeMachine(values.data);
const data = mkdtempSync(join(values.data, "bench-orders-"));
const port = await freePort();
let server = await startOwn(data, port);
try {
  const [large, small, others] = [await register(), await register(), await register()];
  const subject = "usr_of_very_many";
  const { issuer } = server;
  await server.stop();
  say(`seeding ${number(many)} tokens of one subject and ${number(singles)} single ones …`);
  const began = performance.now();
  const ids = await seed({
    data,
    issuer,
    clientId: large.id,
    subject,
    tokens: many,
    singlesOf: others.id,
    singles,
  });
  say(`seeded in ${Math.round((performance.now() - began) / 1000)} s`);
  server = await startOwn(data, port);

  const dryRuns = [
    await timeDryRun(`dry run of a subject with ${number(many)} tokens`, { subject }, server),
    await timeDryRun(`dry run of a client with ${number(many)} tokens`, { client_id: large.id }, server),
  ];
  const rounds = Number(values.rounds);
  const wide = [
    await compareWide(
      "a subject",
      { small: person(small.id, () => `usr_${Math.random()}`), large: person(large.id, () => subject) },
      rounds,
      server,
    ),
    await compareWide("a client", { small: client(small.id), large: client(large.id) }, rounds, server),
  ];
  const bulk = await timeBulk(ids, others, server);

  console.log(`${machine.words}; a durable write of 4 KiB takes ${machine.durableWrite.toFixed(2)} ms`);
  for (const warning of machine.warnings) console.log(`Warning: ${warning}`);
  console.log(
    `\n| order, median of ${rounds} | with 1 token | with ${number(many)} | ratio |\n| --- | --- | --- | --- |`,
  );
  for (const row of wide) printWide(row);
  console.log("\n| preview | ms | counted | exact |\n| --- | --- | --- | --- |");
  for (const { title, milliseconds, counted, exact } of dryRuns)
    console.log(`| ${title} | ${milliseconds.toFixed(0)} | ${number(counted)} | ${exact} |`);
  const rate = Math.round(bulk.tokens / bulk.seconds);
  console.log(
    `\n${number(bulk.tokens)} single tokens in bulk: ${bulk.seconds.toFixed(1)} s, ${number(rate)} a second.`,
  );
  if (bulk.processorSeconds !== undefined)
    console.log(
      `Of the server's processor time ${((bulk.processorSeconds * 1e6) / bulk.tokens).toFixed(1)} µs a token, the requests of others included.`,
    );
  const ratio = bulk.meanwhile.p99 / bulk.idle.p99;
  console.log(
    "\n| requests of others, ms | p50 | p99 | longest | requests |\n| --- | --- | --- | --- | --- |",
  );
  for (const [title, { p50, p99, longest, requests }] of [
    ["idle", bulk.idle],
    ["meanwhile", bulk.meanwhile],
  ] as const)
    console.log(
      `| ${title} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${longest.toFixed(1)} | ${number(requests)} |`,
    );
  console.log(`\np99 ${ratio.toFixed(1)} × idle`);
} finally {
  await server.stop();
  rmSync(data, { recursive: true, force: true });
}

async function register(): Promise<{ id: string; authorization: string }> {
  const { client_id, client_secret } = await server.admin("clients", {
    name: "Benchmark",
    grant_types: ["client_credentials", "refresh_token"],
    scope: "read",
    access_token_format: "opaque",
    // Nothing expires while it is counted.
    access_token_ttl: 24 * 60 * 60,
  });
  return { id: String(client_id), authorization: basic(String(client_id), String(client_secret)) };
}

/** Each round another grant, of the subject that is asked about. */
function person(clientId: string, nameOf: () => string) {
  return {
    async prepare() {
      const subject = nameOf();
      return { token: await tokenOf(clientId, subject, server), select: { subject } };
    },
  };
}

function client(clientId: string) {
  return {
    async prepare() {
      return { token: await tokenOf(clientId, "usr_of_one", server), select: { client_id: clientId } };
    },
  };
}

async function tokenOf(clientId: string, subject: string, of: OwnServer): Promise<string> {
  const { access_token: token } = await of.admin("grants", { client_id: clientId, subject });
  return String(token);
}

function printWide({ title, small, large }: Wide): void {
  for (const [what, name] of [
    ["inForce", "in force after, ms"],
    ["answered", "answer after, ms (counting included)"],
  ] as const)
    console.log(
      `| ${title}: ${name} | ${small[what].toFixed(1)} | ${large[what].toFixed(1)} | ${(large[what] / small[what]).toFixed(2)} × |`,
    );
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
