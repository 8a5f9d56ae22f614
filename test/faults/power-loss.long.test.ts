// FAULTS row 3: the power fails and what was not synced is lost. strace records what a real server writes, syncs and
// answers; from the record, disks are made as they would be found after a power failure, and opened. The same on a
// server that does not sync its commits must lose something, else the test would see nothing.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseToken } from "@rescind/core";
import { openStore } from "@rescind/store";
import { afterPowerLoss, type DiskEvent, diskTraceOptions, readDiskTrace } from "./disk-trace.ts";
import { seededRandom, testSeed } from "./random.ts";
import { requireStatus, startServerProcess } from "./server-process.ts";
import { TracingRefused, trace } from "./system-calls.ts";

const revocations = 200;
const powerLosses = 100;
const [database, log] = ["rescind.db", "rescind.db-wal"];

test("FAULTS 3 A4 what was acknowledged survives a power failure at any moment", async (t) => {
  const recorded = await record(t, []);
  if (recorded === undefined) return;
  let unsynced = 0;
  let synced = false;
  for (const event of recorded.events) {
    if (event.kind === "sync" && event.file.endsWith(log)) synced = true;
    if (event.kind !== "answer" || seqOf(event) === undefined) continue;
    if (!synced) unsynced++;
    synced = false;
  }
  assert.equal(unsynced, 0, "each revocation is synced between its request and its answer");
  assert.equal(await losses(t, recorded), 0);
});

test("FAULTS 3 A4 control: without a sync at each commit the same power failures lose revocations", async (t) => {
  const careless = `
    import { DatabaseSync } from "node:sqlite";
    const { exec } = DatabaseSync.prototype;
    DatabaseSync.prototype.exec = function (sql) {
      return exec.call(this, sql.replace("synchronous = FULL", "synchronous = NORMAL"));
    };`;
  const recorded = await record(t, ["--import", `data:text/javascript,${encodeURIComponent(careless)}`]);
  if (recorded === undefined) return;
  assert.ok((await losses(t, recorded)) > 0);
});

interface Recorded {
  readonly data: string;
  readonly before: ReadonlyMap<string, Buffer>;
  readonly events: readonly DiskEvent[];
}

/** Issues and revokes tokens one after the other under strace; undefined where tracing is not allowed. */
async function record(t: TestContext, nodeFlags: readonly string[]): Promise<Recorded | undefined> {
  const server = await startServerProcess({ nodeFlags, flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const output = join(server.data, "trace");
  try {
    const tracing = await trace(server.pid, [...diskTraceOptions, "-o", output]);
    const files = [database, log].map((name) => join(server.data, name));
    const before = new Map(files.map((file) => [file, readFileSync(file)]));
    for (let i = 0; i < revocations; i++) {
      const token = await server.clientToken(client);
      requireStatus(await server.form("/oauth2/revoke", { token }, client), 200);
    }
    await tracing.detach();
    const events = readDiskTrace(readFileSync(output, "utf8"));
    const answers = events.filter((event) => event.kind === "answer" && seqOf(event) !== undefined).length;
    assert.equal(answers, revocations, "the trace holds every answer");
    return { data: server.data, before, events };
  } catch (cause) {
    if (!(cause instanceof TracingRefused)) throw cause;
    t.skip(cause.message);
    return undefined;
  }
}

/** How many of the power failures, each right after an answer, lose something that had been acknowledged. */
async function losses(t: TestContext, { before, events }: Recorded): Promise<number> {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED), ${events.length} events`);
  const random = seededRandom(seed);
  const answers = events.flatMap((event, index) =>
    event.kind === "answer" && isAcknowledgement(event) ? [index] : [],
  );
  let lossy = 0;
  for (let failure = 0; failure < powerLosses; failure++) {
    const happened = events.slice(0, random.pick(answers) + 1);
    const files = afterPowerLoss(before, happened, random);
    if ((await missing(files, happened)).length > 0) lossy++;
  }
  t.diagnostic(`${lossy} of ${powerLosses} power failures lost something`);
  return lossy;
}

/** What was acknowledged and is not in the database. */
async function missing(
  files: ReadonlyMap<string, Buffer>,
  happened: readonly DiskEvent[],
): Promise<string[]> {
  const scratch = mkdtempSync(join(tmpdir(), "rescind-power-"));
  try {
    for (const [file, bytes] of files)
      writeFileSync(join(scratch, file.endsWith(log) ? log : database), bytes);
    const store = await openStore(`sqlite:${join(scratch, database)}`, { reserveBytes: 0 });
    const { entries } = await store.readFeed(0, 10_000);
    const seqs = new Set(entries.map(({ seq }) => seq));
    const lost: string[] = [];
    for (const event of happened) {
      if (event.kind !== "answer") continue;
      const [seq, rowId] = [seqOf(event), rowIdOf(event)];
      if (seq !== undefined && !seqs.has(seq)) lost.push(`revocation ${seq}`);
      if (rowId !== undefined && (await store.findAccessToken(rowId)).token === undefined)
        lost.push(`token ${rowId}`);
    }
    await store.close();
    return lost;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Answer = Extract<DiskEvent, { kind: "answer" }>;

function isAcknowledgement(answer: Answer): boolean {
  return seqOf(answer) !== undefined || rowIdOf(answer) !== undefined;
}

/** The number of an acknowledged revocation. */
function seqOf({ text }: Answer): number | undefined {
  const [, seq] = /^HTTP\/1\.1 200 .*\r\nrescind-seq: (\d+)/is.exec(text) ?? [];
  return seq === undefined ? undefined : Number(seq);
}

/** The row of an access token that was handed out. */
function rowIdOf({ text }: Answer): string | undefined {
  const [, token] = /^HTTP\/1\.1 200 .*"access_token":"(rat_[^"]+)"/s.exec(text) ?? [];
  return token === undefined ? undefined : parseToken(token)?.rowId;
}
