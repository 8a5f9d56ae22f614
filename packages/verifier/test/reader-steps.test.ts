// Single steps of the feed reader that the simulation cannot tell apart, since another check would catch them later.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  chainInput,
  type EntryRecord,
  type FeedEntry,
  firstOfEpoch,
  origin,
  readFingerprint,
} from "@rescind/core";
import { checkLinks } from "../src/chain.ts";
import type { StreamedEntry } from "../src/feed-page.ts";
import { FeedReader } from "../src/feed-reader.ts";
import type { SnapshotSlice } from "../src/log-loading.ts";
import type { ReaderAction, ReaderEvent } from "../src/reader-events.ts";

const now = { mono: 1000, wall: 1e12 };

/** A reader that has loaded an empty log and opened its stream. */
function following(): { reader: FeedReader; run: number; feed: (event: ReaderEvent) => ReaderAction[] } {
  const reader = new FeedReader({ maxStaleness: 5000, leaseInterval: 1000, random: () => 0 });
  const feed = (event: ReaderEvent) => reader.handle(event, now);
  const load = loadingPages(reader);
  const page = { head: 0, hash: origin.hash, entries: [], more: false };
  const [open, wake] = feed({ kind: "page", run: load.run, page });
  assert.ok(open?.kind === "open-stream" && wake?.kind === "wake");
  feed({ kind: "stream-opened", run: open.run });
  return { reader, run: open.run, feed };
}

/** Of a server without snapshots: the first page it asks for. */
function loadingPages(reader: FeedReader) {
  const [snapshot] = reader.handle({ kind: "start" }, now);
  assert.ok(snapshot?.kind === "load-snapshot");
  const [load] = reader.handle({ kind: "no-snapshot", run: snapshot.run }, now);
  assert.ok(load?.kind === "load-page" && load.after === undefined);
  return load;
}

function logged(previous: string, entry: FeedEntry): StreamedEntry {
  const digest = createHash("sha256").update(chainInput(Buffer.from(previous, "base64url"), entry));
  return { entry, hash: digest.digest("base64url") };
}

const revoke = (seq: number): FeedEntry => ({ seq, kind: "revoke", unit: "token", fp: "A".repeat(22) });

async function deliver(to: ReturnType<typeof following>, entries: (StreamedEntry | undefined)[]) {
  const actions = to.feed({ kind: "streamed", run: to.run, entries });
  const [check] = actions;
  if (check?.kind !== "check-links") return actions;
  return to.feed({ kind: "checked", run: to.run, links: await checkLinks(check.links) });
}

test("an entry that follows is applied", async () => {
  const to = following();
  const first = logged(origin.hash, revoke(1));
  assert.deepEqual(await deliver(to, [first, logged(first.hash, revoke(2))]), []);
  assert.equal(to.reader.position.seq, 2);
  assert.equal(to.reader.state(now), "stale", "without a lease");
});

for (const [what, entries] of [
  ["a number that is jumped over, though the hash fits", [logged(origin.hash, revoke(2))]],
  ["an event that is not understood", [undefined]],
  ["a hash that is wrong", [{ ...logged(origin.hash, revoke(1)), hash: origin.hash }]],
  ["another hash for the same number", [logged(origin.hash, revoke(1)), logged("B".repeat(43), revoke(1))]],
  ["a predecessor that is another", [logged(`${"B".repeat(42)}A`, revoke(1))]],
] as const)
  test(`FD-03 FD-05 ${what} is a gap at once: the stream is stopped and loading begins again`, async () => {
    const to = following();
    const [stop, wake] = await deliver(to, [...entries]);
    assert.ok(stop?.kind === "stop-stream" && stop.run === to.run);
    assert.ok(wake?.kind === "wake" && wake.event.kind === "load-due");
    assert.equal(to.reader.state(now), "gap");
    assert.deepEqual(
      to.feed({ kind: "streamed", run: to.run, entries: [logged(origin.hash, revoke(1))] }),
      [],
    );
    assert.equal(to.feed(wake.event)[0]?.kind, "load-snapshot");
  });

test("an entry that was applied already is passed over without hashing", async () => {
  const to = following();
  const first = logged(origin.hash, revoke(1));
  await deliver(to, [first]);
  assert.deepEqual(to.feed({ kind: "streamed", run: to.run, entries: [first, first] }), []);
  assert.equal(to.reader.position.seq, 1);
});

test("a page that is not understood, goes back or promises more without an entry is loaded again later", () => {
  const entries = [revoke(3)];
  for (const page of [
    undefined,
    { head: 0, hash: origin.hash, entries: [], more: true },
    { head: 2, hash: origin.hash, entries: [], more: false },
  ]) {
    const reader = new FeedReader({ maxStaleness: 5000, leaseInterval: 1000, random: () => 0 });
    const load = loadingPages(reader);
    const next = { head: 9, hash: origin.hash, entries, more: true };
    const [second] = reader.handle({ kind: "page", run: load.run, page: next }, now);
    assert.ok(second?.kind === "load-page" && second.after === 3);
    const [wake] = reader.handle({ kind: "page", run: load.run, page }, now);
    assert.ok(wake?.kind === "wake" && wake.event.kind === "load-due");
    assert.equal(reader.state(now), "loading");
  }
});

test("many entries that somebody waits for share requests; a failed one is left to the next regular lease", async () => {
  const to = following();
  let previous: string = origin.hash;
  const wanted = (seq: number) => {
    const entry = logged(previous, { ...revoke(seq), ack: true } as FeedEntry);
    previous = entry.hash;
    return entry;
  };
  const [first] = await deliver(to, [wanted(1), wanted(2)]);
  assert.ok(first?.kind === "ask-lease" && first.applied.seq === 2);
  assert.deepEqual(await deliver(to, [wanted(3)]), [], "one is under way");
  const answer = { head: 2, hash: first.applied.hash, issuedAt: 0 };
  const [second] = to.feed({ kind: "leased", lease: first.lease, answer });
  assert.ok(second?.kind === "ask-lease" && second.applied.seq === 3);
  assert.deepEqual(to.feed({ kind: "lease-failed", lease: second.lease, offTheLog: false }), []);
  const [again] = await deliver(to, [wanted(4)]);
  assert.equal(again?.kind, "ask-lease");
});

test("a page that promises more is not the last, whatever its head", () => {
  const reader = new FeedReader({ maxStaleness: 5000, leaseInterval: 1000, random: () => 0 });
  const load = loadingPages(reader);
  const page = { head: 1, hash: logged(origin.hash, revoke(1)).hash, entries: [revoke(1)], more: true };
  const [next] = reader.handle({ kind: "page", run: load.run, page }, now);
  assert.ok(next?.kind === "load-page" && next.after === 1);
});

test("FD-11 a lease that turns out not to lie on the chain, at once or later, is a gap", async () => {
  for (const head of [0, 1]) {
    const to = following();
    const [ask] = to.feed({ kind: "lease-due", run: to.run });
    assert.ok(ask?.kind === "ask-lease");
    const answer = { head, hash: `${"B".repeat(42)}A`, issuedAt: 0 };
    const answered = to.feed({ kind: "leased", lease: ask.lease, answer });
    const actions = head === 0 ? answered : await deliver(to, [logged(origin.hash, revoke(1))]);
    assert.equal(actions[0]?.kind, "stop-stream");
    assert.equal(to.reader.state(now), "gap");
  }
});

test("FD-11 a restore between two pages begins the loading again: what the first one held may be lost", () => {
  const reader = new FeedReader({ maxStaleness: 5000, leaseInterval: 1000, random: () => 0 });
  const load = loadingPages(reader);
  const hash = `${"B".repeat(42)}A`;
  const first = { head: 5, hash, entries: [revoke(1), revoke(2)], more: true };
  reader.handle({ kind: "page", run: load.run, page: first }, now);
  const restored = { head: firstOfEpoch(3), hash, entries: [revoke(firstOfEpoch(3))], more: false };
  const [wake] = reader.handle({ kind: "page", run: load.run, page: restored }, now);
  assert.ok(wake?.kind === "wake" && wake.event.kind === "load-due");
  assert.equal(reader.set.size, 0);
});

test("a position the server does not know, by the stream (410) or by the lease (409), is a gap", () => {
  for (const by of ["stream", "lease"]) {
    const to = following();
    const [ask] = to.feed({ kind: "lease-due", run: to.run });
    assert.ok(ask?.kind === "ask-lease");
    const event: ReaderEvent =
      by === "stream"
        ? { kind: "off-the-log", run: to.run }
        : { kind: "lease-failed", lease: ask.lease, offTheLog: true };
    assert.equal(to.feed(event)[0]?.kind, "stop-stream");
    assert.equal(to.reader.state(now), "gap");
    assert.deepEqual(to.feed(event), [], "once");
  }
});

const position = (seq: number) => ({ seq, hash: `${"B".repeat(42)}A` });

/** Some records of a snapshot with these entries. */
function sliceOf(entries: readonly FeedEntry[], from = 0, to = entries.length): SnapshotSlice {
  const read = (index: number, record: EntryRecord) => {
    const entry = entries[index];
    if (entry?.kind !== "revoke" || !readFingerprint(entry.fp, record.words)) return false;
    const { seq, unit, suspend = false, before, expires } = entry;
    Object.assign(record, { seq, unit, suspend, before, expires });
    return true;
  };
  return { snapshot: { count: entries.length, read }, from, to };
}

test("a snapshot is taken in pieces and counts when its end has come", () => {
  const reader = new FeedReader({ maxStaleness: 5000, leaseInterval: 1000, random: () => 0 });
  const [load] = reader.handle({ kind: "start" }, now);
  assert.ok(load?.kind === "load-snapshot");
  const { run } = load;
  const entries = [revoke(2), revoke(5), revoke(9)];
  for (const slice of [sliceOf(entries, 0, 2), sliceOf(entries, 2, 3)])
    assert.deepEqual(reader.handle({ kind: "snapshot-records", run, slice }, now), []);
  assert.deepEqual([reader.set.size, reader.state(now)], [0, "loading"]);
  const [open, lease] = reader.handle({ kind: "snapshot-end", run, position: position(12) }, now);
  assert.ok(open?.kind === "open-stream" && lease?.kind === "wake");
  assert.deepEqual([reader.set.size, reader.position.seq, reader.state(now)], [3, 12, "stale"]);
  assert.deepEqual(reader.handle({ kind: "snapshot-end", run, position: position(13) }, now), [], "once");
});

test("a snapshot out of order, not understood, beyond its own position, or cut short by the network is none", () => {
  const records = (run: number, entries: readonly FeedEntry[]): ReaderEvent => ({
    kind: "snapshot-records",
    run,
    slice: sliceOf(entries),
  });
  const ends: ((run: number) => ReaderEvent[])[] = [
    (run) => [records(run, [revoke(5), revoke(5)])],
    (run) => [records(run, [revoke(5), revoke(4)])],
    (run) => [records(run, [revoke(5), { seq: 6, kind: "epoch" }])],
    (run) => [records(run, [revoke(5)]), { kind: "snapshot-end", run, position: position(4) }],
    (run) => [records(run, [revoke(5)]), { kind: "load-failed", run }],
  ];
  for (const events of ends) {
    const reader = new FeedReader({ maxStaleness: 5000, leaseInterval: 1000, random: () => 0 });
    const [load] = reader.handle({ kind: "start" }, now);
    assert.ok(load?.kind === "load-snapshot");
    const [next] = events(load.run).flatMap((event) => reader.handle(event, now));
    assert.ok(next?.kind === "load-page" || (next?.kind === "wake" && next.event.kind === "load-due"));
    assert.deepEqual([reader.set.size, reader.position.seq], [0, 0]);
    assert.deepEqual(reader.handle({ kind: "snapshot-end", run: load.run, position: position(9) }, now), []);
  }
});

test("FAULTS 23 a log that has gone far ahead is loaded anew; a little behind, the stream is waited for", () => {
  for (const [head, isLoaded] of [
    [100_000, false],
    [100_001, true],
  ] as const) {
    const { feed, run } = following();
    const ask = feed({ kind: "lease-due", run }).find((action) => action.kind === "ask-lease");
    assert.ok(ask !== undefined);
    const answer = { head, hash: `${"B".repeat(42)}A`, issuedAt: 1e12 };
    const actions = feed({ kind: "leased", lease: ask.lease, answer });
    const stops = actions.some(({ kind }) => kind === "stop-stream");
    assert.equal(stops, isLoaded, `at ${head}`);
    assert.equal(
      actions.some((action) => action.kind === "wake" && action.event.kind === "load-due"),
      isLoaded,
    );
  }
});
