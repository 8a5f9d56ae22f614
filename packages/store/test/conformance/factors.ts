// Passkeys, seeds of time-based codes and recovery codes: found as stored, each use by one, gone with their person.

import assert from "node:assert/strict";
import type { Passkey, Store, Totp } from "@rescind/store";
import { digest, order, unit } from "./facts.ts";
import { nowMs, plain, user } from "./people-facts.ts";
import { type Opener, promise } from "./suite.ts";

export function factors(open: Opener): void {
  promise("passkeys, seed and recovery codes are found as they were stored", open, async (store) => {
    await store.createUser(user("usr_1"), "hash", nowMs);
    const none = await store.findFactors("usr_1");
    assert.deepEqual([none.passkeys, none.totp, none.recoveryCodes], [[], undefined, undefined]);
    const keys = [passkey(store), passkey(store, { signCount: 7, transports: ["usb", "nfc"] })];
    for (const key of keys) assert.equal(await store.addPasskey(key, 5), "added");
    const seed = totp(store);
    assert.equal(await store.putTotp(seed, codes(store, 3)), true);
    const { seq } = await store.revoke(order(store, unit("subject", "usr_9")));
    const found = await store.findFactors("usr_1");
    assert.equal(found.head.position.seq, seq, "the head is read with them");
    assert.deepEqual(found.passkeys.map(legible), keys.map(legible));
    assert.deepEqual({ ...found.totp, sealedSeed: plain(found.totp?.sealedSeed) }, legibleTotp(seed));
    assert.deepEqual([found.recoveryCodes?.left, found.recoveryCodes?.of], [3, 3]);
    const byKey = await store.findPasskey(keys[1]?.credentialId ?? "");
    assert.deepEqual([byKey.user, byKey.passkey?.id], [user("usr_1"), keys[1]?.id]);
    assert.equal(byKey.head.position.seq, seq, "nobody's is read with it too");
    const nobodys = await store.findPasskey("unknown");
    assert.deepEqual([nobodys.passkey, nobodys.user, nobodys.head.position.seq], [undefined, undefined, seq]);
  });

  promise("a passkey is one person's, so many of a person and no more", open, async (store) => {
    for (const subject of ["usr_1", "usr_2"]) await store.createUser(user(subject), undefined, nowMs);
    const first = passkey(store);
    assert.equal(await store.addPasskey(first, 2), "added");
    const again = { ...passkey(store, { subject: "usr_2" }), credentialId: first.credentialId };
    assert.equal(await store.addPasskey(again, 2), "taken");
    assert.equal(await store.addPasskey(passkey(store, { subject: "usr_3" }), 2), "unknown");
    const many = await Promise.all(Array.from({ length: 8 }, () => store.addPasskey(passkey(store), 2)));
    assert.deepEqual([many.filter((kind) => kind === "added").length, new Set(many).has("full")], [1, true]);
    assert.equal(await store.renamePasskey("usr_2", first.id, "theirs"), false);
    assert.equal(await store.renamePasskey("usr_1", first.id, "mine"), true);
    assert.equal((await store.findFactors("usr_1")).passkeys[0]?.name, "mine");
  });

  promise(
    "of two that count alike one passkey is used; one that counts never goes back",
    open,
    async (store) => {
      await store.createUser(user("usr_1"), undefined, nowMs);
      const key = passkey(store, { signCount: 4 });
      const silent = passkey(store);
      for (const each of [key, silent]) await store.addPasskey(each, 5);
      const use = (signCount: number) =>
        store.usePasskey(key.id, { signCount, isBackedUp: true, atMs: nowMs + 1 });
      const used = await Promise.all(Array.from({ length: 16 }, () => use(5)));
      assert.equal(used.filter(Boolean).length, 1);
      assert.deepEqual([await use(4), await use(0), await use(9)], [false, false, true]);
      const [stored] = (await store.findFactors("usr_1")).passkeys;
      assert.deepEqual([stored?.signCount, stored?.isBackedUp, stored?.lastUsedMs], [9, true, nowMs + 1]);
      await store.distrustPasskey(key.id);
      assert.deepEqual([await use(10), await use(2 ** 32 - 1)], [false, false], "one that has a copy");
      const quiet = { signCount: 0, isBackedUp: false, atMs: nowMs };
      assert.deepEqual(
        [await store.usePasskey(silent.id, quiet), await store.usePasskey(silent.id, quiet)],
        [true, true],
        "one that does not count",
      );
    },
  );

  promise("of 16 that use a time step or a recovery code at once one does", open, async (store) => {
    await store.createUser(user("usr_1"), undefined, nowMs);
    const seed = totp(store, { lastStep: 10 });
    const made = codes(store, 2);
    await store.putTotp(seed, made);
    assert.equal(await store.useTotpStep(seed.id, 10), false, "that of the confirmation");
    const steps = await Promise.all(Array.from({ length: 16 }, () => store.useTotpStep(seed.id, 12)));
    assert.equal(steps.filter(Boolean).length, 1);
    assert.equal(await store.useTotpStep(seed.id, 11), false, "one before it");
    const [code = new Uint8Array()] = made.digests;
    const uses = await Promise.all(
      Array.from({ length: 16 }, () => store.useRecoveryCode("usr_1", code, nowMs)),
    );
    assert.deepEqual(
      uses.filter((set) => set !== undefined),
      [made.id],
    );
    assert.equal(await store.useRecoveryCode("usr_2", made.digests[1] ?? code, nowMs), undefined);
    const { recoveryCodes } = await store.findFactors("usr_1");
    assert.deepEqual([recoveryCodes?.left, recoveryCodes?.of], [1, 2]);
  });

  promise(
    "recovery codes are there beside a seed or a passkey only, the newest alone",
    open,
    async (store) => {
      await store.createUser(user("usr_1"), undefined, nowMs);
      assert.equal(await store.putRecoveryCodes("usr_1", codes(store, 2)), false);
      assert.equal(
        await store.putTotp(totp(store, { subject: "usr_2" }), codes(store, 2)),
        false,
        "nobody's",
      );
      const first = codes(store, 2);
      assert.equal(await store.putTotp(totp(store), first), true);
      assert.equal(await store.putTotp(totp(store), codes(store, 2)), false, "there is one");
      const second = codes(store, 4);
      assert.equal(await store.putRecoveryCodes("usr_1", second), true);
      assert.equal(
        await store.useRecoveryCode("usr_1", first.digests[0] ?? new Uint8Array(), nowMs),
        undefined,
      );
      const key = passkey(store);
      await store.addPasskey(key, 5);
      const end = order(store, unit("session", "ses_1"));
      assert.equal(await store.removeFactors("usr_1", { totp: true }, [end]), true);
      const left = await store.findFactors("usr_1");
      assert.deepEqual(
        [left.totp, left.recoveryCodes?.id, left.head.position.seq],
        [undefined, second.id, 1],
      );
      await store.removeFactors("usr_1", { passkeys: key.id }, []);
      assert.equal((await store.findFactors("usr_1")).recoveryCodes, undefined);
      assert.equal(await store.removeFactors("usr_3", { totp: true }, []), false);
    },
  );

  promise("whoever is deleted leaves nothing behind", open, async (store) => {
    for (const subject of ["usr_1", "usr_2"]) {
      await store.createUser(user(subject), undefined, nowMs);
      await store.addPasskey(passkey(store, { subject }), 5);
      await store.putTotp(totp(store, { subject }), codes(store, 1));
    }
    await store.deleteUser("usr_1", []);
    const gone = await store.findFactors("usr_1");
    assert.deepEqual([gone.passkeys, gone.totp, gone.recoveryCodes], [[], undefined, undefined]);
    const other = await store.findFactors("usr_2");
    assert.deepEqual([other.passkeys.length, other.recoveryCodes?.left], [1, 1]);
    assert.notEqual(other.totp, undefined);
  });
}

function passkey(store: Store, facts: Partial<Passkey> = {}): Passkey {
  const id = store.nextId();
  return {
    id,
    subject: "usr_1",
    credentialId: `credential-${id}`,
    publicKey: digest(id),
    signCount: 0,
    transports: [],
    isDeviceBound: true,
    isBackedUp: false,
    name: "A key",
    createdAtMs: nowMs,
    lastUsedMs: undefined,
    ...facts,
  };
}

function totp(store: Store, facts: Partial<Totp> = {}): Totp {
  const id = store.nextId();
  return { id, subject: "usr_1", sealedSeed: digest(id), lastStep: 1, sinceMs: nowMs, ...facts };
}

function codes(store: Store, count: number) {
  const id = store.nextId();
  const digests = Array.from({ length: count }, (_, place) => digest(`${id} ${place}`));
  return { id, digests, atMs: nowMs };
}

function legible(key: Passkey) {
  return { ...key, publicKey: plain(key.publicKey) };
}

function legibleTotp(seed: Totp) {
  return { ...seed, sealedSeed: plain(seed.sealedSeed) };
}
