// Users: unique names without case, changes and the orders that follow from them all or nothing.

import assert from "node:assert/strict";
import { entryLife } from "@rescind/core";
import type { Order, Store } from "@rescind/store";
import { rounds } from "../../../../test/seed.ts";
import { client, digest, nowS, order, unit } from "./facts.ts";
import { newCode, nowMs, user } from "./people-facts.ts";
import { allOf, type Opener, promise } from "./suite.ts";

export function users(open: Opener): void {
  promise("a user is found by subject and by name, as it was stored", open, async (store) => {
    const stored = user("usr_1", {
      username: "Anna",
      name: "Anna Example",
      email: "Anna@Example.org",
      emailVerified: true,
      groups: ["staff", "two words"],
      claims: { level: 3, of: [null] },
      roles: ["viewer", "administrator"],
    });
    assert.equal(await store.createUser(stored, "hash", nowMs), true);
    assert.equal(await store.createUser(user("usr_2", { status: "disabled" }), undefined, nowMs), true);
    const { seq } = await store.revoke(order(store, unit("subject", "usr_3")));
    const found = await store.findUser("usr_1");
    assert.deepEqual([found.user, found.passwordHash, found.createdAtMs], [stored, "hash", nowMs]);
    assert.equal(found.head.position.seq, seq, "the head is read with it");
    for (const name of ["Anna", "ANNA", "anna", "anna@example.ORG"])
      assert.deepEqual((await store.findUserByName(name)).user, stored, name);
    const other = await store.findUserByName("usr_2");
    assert.deepEqual([other.user?.status, other.passwordHash], ["disabled", undefined]);
    for (const name of ["", "ann", "anna%", "usr_3"]) {
      const none = await store.findUserByName(name);
      assert.deepEqual([none.user, none.passwordHash, none.createdAtMs], [undefined, undefined, undefined]);
      assert.equal(none.head.position.seq, seq, "nobody is found as fast as somebody");
    }
  });

  promise("names that differ by case or form only are one, and one of many gets it", open, async (store) => {
    for (const names of [
      ["anna", "Anna", "ANNA", "ａｎｎａ"],
      ["ÄRGER", "ärger", "a\u0308rger", "Ärger"],
      ["ΣΊΣΥΦΟΣ", "σίσυφοσ"],
    ]) {
      const taken = await Promise.all(
        Array.from({ length: 32 }, (_, index) =>
          store.createUser(
            user(`usr_${names[0]}_${index}`, { username: names[index % names.length] ?? "" }),
            undefined,
            nowMs,
          ),
        ),
      );
      assert.equal(taken.filter(Boolean).length, 1);
      for (const name of names)
        assert.equal(
          (await store.findUserByName(name)).user?.subject,
          `usr_${names[0]}_${taken.indexOf(true)}`,
        );
    }
    await store.createUser(user("usr_1", { username: "one" }), undefined, nowMs);
    assert.equal(await store.createUser(user("usr_1", { username: "two" }), undefined, nowMs), false);
    assert.equal((await store.findUserByName("two")).user, undefined);
  });

  promise(
    "an email address finds a user if it is theirs alone, and a username goes first",
    open,
    async (store) => {
      await store.createUser(user("usr_1", { email: "one@example.org" }), undefined, nowMs);
      await store.createUser(user("usr_2", { email: "both@example.org" }), undefined, nowMs);
      await store.createUser(user("usr_3", { email: "Both@example.org" }), undefined, nowMs);
      const subjectOf = async (name: string) => (await store.findUserByName(name)).user?.subject;
      assert.equal(await subjectOf("one@example.org"), "usr_1");
      assert.equal(await subjectOf("both@example.org"), undefined);
      await store.createUser(user("usr_4", { username: "one@example.org" }), undefined, nowMs);
      assert.equal(await subjectOf("one@example.org"), "usr_4");
    },
  );

  promise("a change replaces what is known, and keeps the password", open, async (store) => {
    await store.createUser(user("usr_1", { email: "a@example.org", roles: ["viewer"] }), "hash", nowMs);
    const changed = user("usr_1", { username: "Renamed", groups: ["g"], status: "disabled" });
    assert.equal(await store.changeUser(changed, [], nowMs), "changed");
    const found = await store.findUserByName("RENAMED");
    assert.deepEqual([found.user, found.passwordHash], [changed, "hash"]);
    for (const old of ["usr_1", "a@example.org"])
      assert.equal((await store.findUserByName(old)).user, undefined);
    const same = user("usr_1", { username: "renamed" });
    assert.equal(await store.changeUser(same, [], nowMs), "changed", "their own name is not taken");
  });

  promise("C4 a change that is refused changes nothing and appends nothing", open, async (store) => {
    await store.createUser(user("usr_1"), "hash", nowMs);
    await store.createUser(user("usr_2"), undefined, nowMs);
    const ends = [order(store, unit("subject", "usr_1"))];
    const isTaken = user("usr_1", { username: "USR_2", name: "changed" });
    assert.equal(await store.changeUser(isTaken, ends, nowMs), "taken");
    assert.equal(await store.changeUser(user("usr_3"), ends, nowMs), "unknown");
    assert.equal(await store.setPassword("usr_3", "new", { orders: ends }), false);
    assert.equal(await store.setPassword("usr_1", "new", { instead: "other", orders: ends }), false);
    assert.equal(await store.setPassword("usr_2", "new", { instead: "other", orders: ends }), false);
    assert.equal(await store.deleteUser("usr_3", ends), "unknown");
    const found = await store.findUser("usr_1");
    assert.deepEqual([found.user, found.passwordHash, found.head.position.seq], [user("usr_1"), "hash", 0]);
    assert.equal((await store.findUser("usr_2")).passwordHash, undefined);
    assert.deepEqual(await store.verifyAudit(), { records: 0, brokenAt: undefined });
  });

  promise("of concurrent renames and newcomers to one name one gets it", open, async (store) => {
    for (let round = 0; round < rounds(6, 200); round += 1) await raceForName(store, round);
    const { records, brokenAt } = await store.verifyAudit();
    assert.deepEqual([records, brokenAt], [(await store.head()).position.seq, undefined]);
  });

  promise("E1 A4 a change and its orders are one: each is numbered and audited once", open, async (store) => {
    await store.createUser(user("usr_1"), "hash", nowMs);
    await store.revoke(order(store, unit("subject", "usr_0")));
    const ends = [
      order(store, unit("subject", "usr_1"), { reason: "user_disabled" }),
      order(store, unit("grant", "gnt_1")),
      order(store, unit("grant", "gnt_1")),
    ];
    assert.equal(await store.changeUser(user("usr_1", { status: "disabled" }), ends, nowMs), "changed");
    const { entries, head } = await store.readFeed(1, 100);
    assert.deepEqual(
      entries.map((entry) => entry.kind === "revoke" && [entry.seq, entry.unit, entry.value]),
      [
        [2, "subject", "usr_1"],
        [3, "grant", "gnt_1"],
      ],
      "the second order of the grant is needless",
    );
    assert.equal(head.position.seq, 3);
    assert.deepEqual(await store.verifyAudit(), { records: 3, brokenAt: undefined });
    assert.equal((await store.findOrder(ends[0]?.id ?? ""))?.reason, "user_disabled");
  });

  promise(
    "orders made for lives that have risen meanwhile are made again, with the change",
    open,
    async (store) => {
      await store.createUser(user("usr_1"), "hash", nowMs);
      const longer = 7200;
      await store.createClient(client("longer", { accessTokenTtl: longer }), [], nowMs);
      const asked: number[] = [];
      const at = nowS;
      const ends: Order = {
        ...order(store, unit("subject", "usr_1"), { atMs: at * 1000 }),
        lifeFor(longest) {
          asked.push(longest.accessToken);
          return entryLife("subject", false, at, longest);
        },
      };
      assert.equal(await store.setPassword("usr_1", "new", { orders: [ends] }), true);
      assert.ok(
        asked[0] !== longer && asked.at(-1) === longer,
        "the first attempt was made for shorter lives",
      );
      const { entries } = await store.readFeed(0, 10);
      assert.equal(entries.length, 1);
      const { expires } = entryLife("subject", false, at, (await store.head()).longest);
      assert.equal(entries[0]?.kind === "revoke" && entries[0].expires, expires);
      assert.equal((await store.findUser("usr_1")).passwordHash, "new");
    },
  );

  promise("a password is set instead of the one that was checked, once", open, async (store) => {
    await store.createUser(user("usr_1"), "old", nowMs);
    const set = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        store.setPassword("usr_1", `new ${index}`, {
          instead: "old",
          orders: [order(store, unit("subject", "usr_1"))],
        }),
      ),
    );
    assert.equal(set.filter(Boolean).length, 1);
    const found = await store.findUser("usr_1");
    assert.equal(found.passwordHash, `new ${set.indexOf(true)}`);
    assert.equal(found.head.position.seq, 1);
    assert.equal(await store.setPassword("usr_1", "any", { orders: [] }), true);
    assert.equal((await store.findUser("usr_1")).passwordHash, "any");
  });

  promise(
    "the last active administrator stays one, also where all are taken away at once",
    open,
    async (store) => {
      const roles = ["administrator"] as const;
      const subjects = Array.from({ length: 16 }, (_, index) => `usr_${index}`);
      for (const subject of subjects) await store.createUser(user(subject, { roles }), "hash", nowMs);
      await store.createUser(user("usr_gone", { roles, status: "disabled" }), "hash", nowMs);
      const outcomes = await Promise.all(
        subjects.map((subject, index) => {
          const ends = [order(store, unit("subject", subject))];
          if (index % 3 === 0) return store.deleteUser(subject, ends);
          const less = index % 3 === 1 ? { roles: [] } : { roles, status: "disabled" as const };
          return store.changeUser(user(subject, less), ends, nowMs);
        }),
      );
      assert.equal(outcomes.filter((outcome) => outcome === "last-administrator").length, 1);
      const filter = { role: "administrator", status: "active" } as const;
      const left = await allOf((page) => store.listUsers(filter, page), 2);
      assert.deepEqual(
        left.map(({ user: one }) => one.subject),
        [subjects[outcomes.indexOf("last-administrator")]],
      );
      assert.equal((await store.head()).position.seq, 15, "what is refused appends nothing");
      const [last = user("usr_0")] = left.map(({ user: one }) => one);
      assert.equal(await store.changeUser({ ...last, name: "Still here" }, [], nowMs), "changed");
      await store.createUser(user("usr_next", { roles: ["viewer", "administrator"] }), "hash", nowMs);
      assert.equal(await store.deleteUser(last.subject, []), "deleted");
    },
  );

  promise("a deleted user is gone with consents and links, and the orders stand", open, async (store) => {
    for (const subject of ["usr_1", "usr_2"]) {
      await store.createUser(user(subject), "hash", nowMs);
      await store.issueCode(newCode(store, { subject }, { consent: ["openid"] }));
      const link = { id: store.nextId(), subject, rev: 0, issuedAt: nowS, expiresAt: nowS + 3600 };
      await store.putSetupLink(link, digest(link.id));
    }
    assert.equal(await store.deleteUser("usr_1", [order(store, unit("subject", "usr_1"))]), "deleted");
    const found = await store.findUser("usr_1");
    assert.deepEqual([found.user, found.head.position.seq], [undefined, 1]);
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), []);
    assert.deepEqual(await store.consentedScopes("usr_2", "client"), ["openid"]);
    assert.equal(await store.deleteUser("usr_1", []), "unknown");
    assert.equal(await store.createUser(user("usr_3", { username: "usr_1" }), undefined, nowMs), true);
  });

  promise("users are listed newest first by cursor, and by what is asked", open, async (store) => {
    await fill(store);
    const listed = async (filter: Parameters<Store["listUsers"]>[0], limit = 2) =>
      (await allOf((page) => store.listUsers(filter, page), limit)).map(({ user: one }) => one.subject);
    assert.deepEqual(await listed({}), ["usr_4", "usr_3", "usr_2", "usr_1", "usr_0"]);
    assert.deepEqual(await listed({ username: "NAME_2" }), ["usr_2"]);
    assert.deepEqual(await listed({ email: "ODD@example.org" }), ["usr_3", "usr_1"]);
    assert.deepEqual(await listed({ email: "odd@example.org", username: "name_2" }), []);
    assert.deepEqual(await listed({ role: "operator" }, 1), ["usr_4", "usr_0"]);
    assert.deepEqual(await listed({ status: "disabled" }), ["usr_3"]);
    const [first] = (await store.listUsers({ username: "name_0" }, { limit: 1, cursor: undefined })).items;
    assert.deepEqual([first?.hasPassword, first?.createdAtMs], [true, 0]);
  });
}

/** Renames carry an order, which only the one that got the name may append. */
async function raceForName(store: Store, round: number): Promise<void> {
  const from = (await store.head()).position.seq;
  const username = `Wanted ${round}`;
  const subjects = Array.from({ length: 12 }, (_, index) => `usr_${round}_${index}`);
  await Promise.all(subjects.map((subject) => store.createUser(user(subject), undefined, nowMs)));
  const racing = subjects.flatMap((subject) => [
    store.changeUser(user(subject, { username }), [order(store, unit("subject", subject))], nowMs),
    store.createUser(user(`${subject}_new`, { username: username.toLowerCase() }), undefined, nowMs),
  ]);
  const outcomes = await Promise.all(racing);
  const got = outcomes.flatMap((outcome, index) =>
    outcome === "changed" || outcome === true ? [index] : [],
  );
  assert.equal(got.length, 1);
  const others = new Set(outcomes.filter((_, index) => !got.includes(index)));
  assert.deepEqual(others, new Set(["taken", false]));
  const winner = subjects[Math.floor((got[0] ?? 0) / 2)];
  const { entries } = await store.readFeed(from, 100);
  assert.deepEqual(
    entries.map((entry) => entry.kind === "revoke" && entry.value),
    outcomes.includes("changed") ? [winner] : [],
  );
}

async function fill(store: Store): Promise<void> {
  for (let index = 0; index < 5; index += 1)
    await store.createUser(
      user(`usr_${index}`, {
        username: `Name_${index}`,
        email: index % 2 === 1 ? "odd@example.org" : undefined,
        roles: index % 4 === 0 ? ["viewer", "operator"] : [],
        status: index === 3 ? "disabled" : "active",
      }),
      index === 0 ? "hash" : undefined,
      index,
    );
}
