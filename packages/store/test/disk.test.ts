// FAULTS rows 4, 5 and 6: a full disk, a failing one, a slow one. The full disk is a small tmpfs, which only root may
// mount; failing and slow syncs are strace's doing.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Store } from "@rescind/store";
import { rounds } from "../../../test/seed.ts";
import { until } from "../../../test/until.ts";
import { accessToken, order, unit } from "./conformance/facts.ts";
import { freshPath, openAt } from "./opened.ts";

const megabyte = 1024 * 1024;
const victim = fileURLToPath(new URL("./io-victim.ts", import.meta.url));
const hasStrace = traceable();

test("FAULTS 4: on a full disk issuing is refused, reading and revoking go on, and room is all it needs", async (t) => {
  const path = freshPath();
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true });
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", directory]);
  if (mounted.status !== 0) return t.skip("only root may mount a small tmpfs");
  const store = await openAt(path, { reserveBytes: megabyte });
  try {
    const before = accessToken(store);
    await store.issue(before);
    await until(async () => statSync(`${path}-reserve`, { throwIfNoEntry: false })?.size === megabyte);
    const filler = join(directory, "filler");
    fill(filler);
    const stored = await issueUntilRefused(store);
    for (let index = 0; index < 50; index += 1) {
      const receipt = await store.revoke(order(store, unit("subject", `usr_${index}`)));
      assert.equal(receipt.seq, index + 1);
      await assert.rejects(store.issue(accessToken(store)), { name: "StoreUnavailable" });
    }
    assert.ok((await store.findAccessToken(before.token.id)).token);
    rmSync(filler);
    await until(() =>
      store.issue(accessToken(store)).then(
        () => true,
        () => false,
      ),
    );
    for (const id of stored) assert.ok((await store.findAccessToken(id)).token);
    assert.deepEqual(await store.verifyAudit(), { records: 50, brokenAt: undefined });
    assert.equal(statSync(`${path}-reserve`).size, megabyte);
  } finally {
    await store.close();
    spawnSync("umount", [directory]);
  }
});

test("FAULTS 5: A7 when a sync fails the write is refused, the server is told to exit, and nothing answered is lost", async (t) => {
  if (!hasStrace) return t.skip("strace cannot trace here");
  for (const when of [5, 8, 13]) {
    const path = freshPath();
    await (await openAt(path)).close();
    const { lines, status } = await traced(path, [`inject=fsync:error=EIO:when=${when}`]);
    assert.equal(status, 3, lines.join("\n"));
    const refusedAt = lines.findIndex((line) => line.startsWith("refused"));
    assert.ok(refusedAt > 0, "something was issued before and refused then");
    const store = await openAt(path);
    for (const line of lines.filter((one) => one.startsWith("issued")))
      assert.ok((await store.findAccessToken(line.split(" ")[1] ?? "")).token, line);
    await store.close();
  }
});

test("FAULTS 6: a slow disk costs time and nothing else", async (t) => {
  if (!hasStrace) return t.skip("strace cannot trace here");
  const path = freshPath();
  await (await openAt(path)).close();
  const count = rounds(5, 100);
  const { lines, status } = await traced(path, ["inject=fsync:delay_exit=200000"], count);
  assert.equal(status, 0);
  assert.equal(lines.filter((line) => line.startsWith("issued")).length, count);
  const store = await openAt(path);
  assert.equal((await store.describe()).accessTokens, count);
  await store.close();
});

function traceable(): boolean {
  return spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
}

/** Leaves less room than a page of the log needs. */
function fill(file: string): void {
  for (let bytes = megabyte; bytes >= 512; ) {
    try {
      appendFileSync(file, Buffer.alloc(bytes, 1));
    } catch {
      bytes /= 2; // no room for as much as this; whatever part of it fitted is written
    }
  }
}

async function issueUntilRefused(store: Store): Promise<string[]> {
  const stored: string[] = [];
  for (;;) {
    const token = accessToken(store);
    try {
      await store.issue(token);
    } catch (error) {
      assert.equal(error instanceof Error && error.name, "StoreUnavailable");
      assert.equal((await store.findAccessToken(token.token.id)).token, undefined);
      return stored;
    }
    stored.push(token.token.id);
  }
}

/** Runs the victim under strace; what it printed and how it ended. */
async function traced(
  path: string,
  injections: readonly string[],
  count = Number.POSITIVE_INFINITY,
): Promise<{ lines: string[]; status: number | null }> {
  const options = injections.flatMap((injection) => ["-e", injection]);
  const args = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", ...options];
  const child = spawn(
    "strace",
    [...args, process.execPath, "--conditions=source", victim, path, String(count)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { lines: output.split("\n").slice(0, -1), status };
}
