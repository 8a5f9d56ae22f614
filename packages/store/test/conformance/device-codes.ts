// Device codes: found by either code, answered once, linked to the code that a person's yes makes.

import assert from "node:assert/strict";
import type { NewDeviceCode, Store } from "@rescind/store";
import { digest, nowS } from "./facts.ts";
import { newCode, plain } from "./people-facts.ts";
import { type Opener, promise } from "./suite.ts";

const racers = 32;

export function newDevice(store: Store, facts: Partial<NewDeviceCode["device"]> = {}): NewDeviceCode {
  const id = store.nextId();
  const device = {
    id,
    clientId: "tv",
    parameters: { scope: "openid read" },
    rev: 3,
    issuedAt: nowS,
    expiresAt: nowS + 600,
    interval: 5,
    ...facts,
  };
  return { device, digest: digest(`device ${id}`), userDigest: digest(`user ${id}`) };
}

const unanswered = { polledAtMs: undefined, isDenied: false, codeId: undefined };

export function deviceCodes(open: Opener): void {
  promise("a device code is found by its id and by its user code, as it was stored", open, async (store) => {
    for (const parameters of [{ scope: "openid", resource: "https://a.example" }, {}]) {
      const made = newDevice(store, { parameters });
      assert.equal(await store.issueDeviceCode(made), true);
      for (const found of [
        await store.findDeviceCode(made.device.id),
        await store.findDeviceCodeByUserCode(made.userDigest),
      ]) {
        assert.deepEqual(found.device, { ...made.device, ...unanswered });
        assert.deepEqual(plain(found.digest), plain(made.digest));
      }
    }
    assert.equal((await store.findDeviceCode(store.nextId())).device, undefined);
    assert.equal((await store.findDeviceCodeByUserCode(digest("none"))).device, undefined);
  });

  promise("a user code is one device's", open, async (store) => {
    const made = newDevice(store);
    assert.equal(await store.issueDeviceCode(made), true);
    const other = { ...newDevice(store), userDigest: made.userDigest };
    assert.equal(await store.issueDeviceCode(other), false);
    assert.equal((await store.findDeviceCode(other.device.id)).device, undefined);
  });

  promise("a device's requests only raise time and interval", open, async (store) => {
    const made = newDevice(store);
    await store.issueDeviceCode(made);
    const { id } = made.device;
    for (const poll of [
      { atMs: 2000, interval: 10 },
      { atMs: 1000, interval: 20 },
      { atMs: 3000, interval: 5 },
    ])
      await store.notePoll({ id, ...poll });
    const { device } = await store.findDeviceCode(id);
    assert.deepEqual([device?.polledAtMs, device?.interval], [3000, 10]);
  });

  promise("a yes links the code that it makes, and a later answer changes nothing", open, async (store) => {
    const made = newDevice(store);
    await store.issueDeviceCode(made);
    const device = made.device.id;
    const yes = newCode(store, {}, { consent: ["openid"], device });
    assert.equal(await store.issueCode(yes), "issued");
    assert.equal((await store.findDeviceCode(device)).device?.codeId, yes.code.id);
    assert.deepEqual(await store.consentedScopes(yes.code.subject, yes.code.clientId), ["openid"]);
    const second = newCode(store, {}, { consent: ["email"], device });
    assert.equal(await store.issueCode(second), "used-already");
    assert.equal((await store.findCode(second.code.id)).code, undefined);
    assert.deepEqual(await store.consentedScopes(yes.code.subject, yes.code.clientId), ["openid"]);
    assert.equal(await store.denyDeviceCode(device), false);
    assert.equal((await store.findDeviceCode(device)).device?.isDenied, false);
  });

  promise("a no stays a no: no code is made and no consent remembered after it", open, async (store) => {
    const made = newDevice(store);
    await store.issueDeviceCode(made);
    const device = made.device.id;
    assert.equal(await store.denyDeviceCode(device), true);
    assert.equal(await store.denyDeviceCode(device), false);
    const yes = newCode(store, {}, { consent: ["openid"], device });
    assert.equal(await store.issueCode(yes), "used-already");
    assert.equal((await store.findCode(yes.code.id)).code, undefined);
    assert.deepEqual(await store.consentedScopes(yes.code.subject, yes.code.clientId), []);
    assert.deepEqual((await store.findDeviceCode(device)).device?.codeId, undefined);
  });

  promise(`of ${racers} answers at once one counts`, open, async (store) => {
    const made = newDevice(store);
    await store.issueDeviceCode(made);
    const device = made.device.id;
    const answers = Array.from({ length: racers }, async (_, index) => {
      if (index % 2 === 0) return store.denyDeviceCode(device);
      return (await store.issueCode(newCode(store, {}, { device }))) === "issued";
    });
    const outcomes = await Promise.all(answers);
    assert.equal(outcomes.filter((counted) => counted).length, 1);
    const found = (await store.findDeviceCode(device)).device;
    assert.equal(found?.isDenied, outcomes.indexOf(true) % 2 === 0);
    assert.equal(found?.codeId !== undefined, outcomes.indexOf(true) % 2 === 1);
  });
}
