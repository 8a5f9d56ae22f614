// FAULTS row 3: the power fails and the disk keeps what was synced, and any part of the rest. What was acknowledged is
// there. That the test can see a loss is shown by a disk that lies about its syncs.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Store } from "@rescind/store";
import { randomFrom, rounds, seed } from "../../../test/seed.ts";
import { freshPath, openAt } from "./opened.ts";
import { copied, type Event, recordWrites, replay } from "./recorded-writes.ts";

const victim = fileURLToPath(new URL("./power-victim.ts", import.meta.url));
const random = randomFrom(seed);
const hasStrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

test("FAULTS 3: A4 whatever the power takes, what was acknowledged is there", async (t) => {
  if (!hasStrace) return t.skip("strace cannot trace here");
  const { events, before, path } = await recorded();
  for (let round = 0; round < rounds(12, 300); round += 1) {
    const until = Math.floor(random() * (events.length + 1));
    const likely = random();
    const lost = await lostIn(
      events,
      { until, survives: () => random() < likely, isSynced: () => true },
      path,
      before,
    );
    assert.deepEqual(lost, [], `cut after ${until} of ${events.length}`);
  }
});

test("FAULTS 3: the same check sees the loss where the log's syncs do not count", async (t) => {
  if (!hasStrace) return t.skip("strace cannot trace here");
  const { events, before, path } = await recorded();
  const outage = {
    until: events.length,
    survives: () => false,
    isSynced: (file: string) => !file.endsWith("-wal"),
  };
  assert.notDeepEqual(await lostIn(events, outage, path, before), []);
});

async function recorded(): Promise<{ events: Event[]; before: string; path: string }> {
  const path = freshPath();
  await (await openAt(path)).close();
  const before = freshPath();
  copied(path, before);
  const command = [process.execPath, "--conditions=source", victim, path, String(rounds(15, 60))];
  const events = recordWrites(command, path, join(dirname(before), "trace"));
  assert.ok(events.some(({ kind }) => kind === "sync") && events.some(({ kind }) => kind === "write"));
  assert.ok(events.filter(({ kind }) => kind === "line").length >= 30);
  return { events, before, path };
}

/** Acknowledgements from before the outage that the database no longer knows. */
async function lostIn(
  events: readonly Event[],
  outage: Parameters<typeof replay>[1],
  path: string,
  before: string,
): Promise<string[]> {
  const after = freshPath();
  copied(before, after);
  replay(events, outage, (file) => after + file.slice(path.length));
  const acknowledged = events
    .slice(0, outage.until)
    .flatMap((event) => (event.kind === "line" ? [event.text] : []));
  const store = await openAt(after).catch((error: Error) => error);
  if (store instanceof Error) return [store.message];
  try {
    const kept = await Promise.all(acknowledged.map((line) => isThere(store, line)));
    return acknowledged.filter((_, index) => kept[index] !== true);
  } finally {
    await store.close();
  }
}

async function isThere(store: Store, line: string): Promise<boolean> {
  const [what, id = ""] = line.split(" ");
  if (what === "issued") return (await store.findAccessToken(id)).token !== undefined;
  return (await store.hashAt(Number(id))) !== undefined;
}
