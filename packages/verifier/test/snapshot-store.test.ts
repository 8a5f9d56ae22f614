// A snapshot kept for the next start: it saves the download and vouches for nothing.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type SnapshotStore, Unanswered } from "@rescind/verifier";
import { fileStore } from "@rescind/verifier/file-store";
import type { FeedPeer } from "./feed-peer.ts";
import { startPeer, startVerifier, verdict } from "./running-verifier.ts";
import { until } from "./until.ts";

interface Kept {
  readonly peer: FeedPeer;
  readonly folder: string;
  readonly path: string;
  readonly persist: SnapshotStore;
}

/** A peer with 20 orders whose snapshot an earlier process has kept. */
async function kept(t: TestContext): Promise<Kept> {
  const peer = await startPeer(t);
  peer.faults.noSnapshot = false;
  for (let i = 1; i <= 20; i++) peer.revoke("token", `tok_${i}`);
  const folder = mkdtempSync(join(tmpdir(), "rescind-kept-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "snapshot");
  const persist = fileStore(path);
  await (await startVerifier(t, peer, { persist })).close();
  await until("it is kept", () => readdirSync(folder).join() === "snapshot");
  return { peer, folder, path, persist };
}

const downloads = (peer: FeedPeer) => peer.timesAsked("/revocations/snapshot");

test("a restart takes what was kept and reads only what came since", async (t) => {
  const { peer, path, persist } = await kept(t);
  assert.equal(downloads(peer), 1);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  peer.revoke("token", "tok_since");
  const verifier = await startVerifier(t, peer, { persist });
  assert.equal(downloads(peer), 1);
  assert.equal(peer.timesAsked("/revocations"), 2, "a stream each, no pages");
  assert.equal(verifier.status().entries, 21);
  for (const jti of ["tok_1", "tok_20", "tok_since"])
    assert.equal(await verdict(verifier, await peer.issue({ jti })), "revoked", jti);
  assert.equal(await verdict(verifier, await peer.issue()), "accepted");
});

test("nothing is accepted on the word of a file: without a lease of this process there is no verifier", async (t) => {
  const { peer, persist } = await kept(t);
  peer.faults.noLeases = true;
  await assert.rejects(startVerifier(t, peer, { persist, startTimeout: 0.5 }), Unanswered);
});

test("a lift since then counts, and so does what stands in the file", async (t) => {
  const { peer, persist } = await kept(t);
  peer.lift(7);
  const verifier = await startVerifier(t, peer, { persist });
  assert.equal(await verdict(verifier, await peer.issue({ jti: "tok_7" })), "accepted");
  assert.equal(await verdict(verifier, await peer.issue({ jti: "tok_8" })), "revoked");
});

test("a file whose tail is not kept whole any more, or whose log was set back, is left for a download", async (t) => {
  for (const harm of ["removed", "restored"]) {
    const { peer, persist } = await kept(t);
    if (harm === "removed") {
      peer.revoke("token", "tok_21");
      peer.revoke("token", "tok_22");
      peer.removed.add(21);
    } else {
      peer.log.splice(15);
      for (let i = 0; i < 9; i++) peer.revoke("token", `other_${i}`);
    }
    const verifier = await startVerifier(t, peer, { persist });
    assert.equal(downloads(peer), 2, harm);
    assert.deepEqual(verifier.status().position, peer.head);
    assert.equal(
      await verdict(verifier, await peer.issue({ jti: "tok_16" })),
      harm === "removed" ? "revoked" : "accepted",
    );
  }
});

test("a damaged, empty, foreign or missing file costs a download, and is replaced by it", async (t) => {
  const { peer, folder, path, persist } = await kept(t);
  const good = readFileSync(path);
  const other = await kept(t);
  const flipped = Buffer.from(good);
  flipped[120] = (flipped[120] ?? 0) ^ 1;
  const files = [
    flipped,
    Buffer.alloc(0),
    good.subarray(0, 200),
    Buffer.concat([good, good]),
    readFileSync(other.path),
  ];
  for (const [index, bytes] of files.entries()) {
    writeFileSync(path, bytes);
    const verifier = await startVerifier(t, peer, { persist });
    assert.equal(downloads(peer), index + 2);
    assert.equal(await verdict(verifier, await peer.issue({ jti: "tok_3" })), "revoked");
    await until(
      "it is replaced",
      () =>
        readdirSync(folder).join() === "snapshot" &&
        readFileSync(path).length === good.length &&
        !readFileSync(path).equals(bytes),
    );
  }
  rmSync(path);
  await startVerifier(t, peer, { persist });
  assert.equal(downloads(peer), files.length + 2);
});

test("a store that fails is none", async (t) => {
  const peer = await startPeer(t);
  peer.faults.noSnapshot = false;
  peer.revoke("token", "tok_1");
  const fail = () => Promise.reject(new Error("the disk is gone"));
  const verifier = await startVerifier(t, peer, { persist: { load: fail, save: fail } });
  assert.equal(await verdict(verifier, await peer.issue({ jti: "tok_1" })), "revoked");
});
