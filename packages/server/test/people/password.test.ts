// Passwords as they are stored, compared and imported.

import assert from "node:assert/strict";
import { argon2Sync, pbkdf2Sync, scryptSync } from "node:crypto";
import { test } from "node:test";
import bcrypt from "bcryptjs";
import { TooManyWaiting, turns } from "../../src/people/hashing-turns.ts";
import {
  hashPassword,
  isPasswordHash,
  passwordHashProblem,
  passwordProblem,
  verifyPassword,
} from "../../src/people/password.ts";

const password = "correct horse";
const salt = Buffer.from("0123456789abcdef");
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replaceAll("=", "");

test("a password is stored as Argon2id with a salt of its own and is found again", async () => {
  const [first, second] = [await hashPassword(password), await hashPassword(password)];
  assert.match(first, /^\$argon2id\$v=19\$m=32768,t=2,p=1\$/);
  assert.notEqual(first, second);
  assert.deepEqual(await verifyPassword(first, password), { ok: true });
  assert.deepEqual(await verifyPassword(first, `${password}!`), { ok: false });
  assert.deepEqual(await verifyPassword(first, ""), { ok: false });
});

test("nobody's password is never right", async () => {
  assert.deepEqual(await verifyPassword(undefined, password), { ok: false });
  assert.deepEqual(await verifyPassword(undefined, ""), { ok: false });
});

test("two spellings of one text are one password", async () => {
  const composed = await hashPassword("caf\u00e9 caf\u00e9");
  assert.equal((await verifyPassword(composed, "cafe\u0301 cafe\u0301")).ok, true);
});

test("hashes of other systems are verified, and replaced by our own at the first right password", async () => {
  const argon = { message: password, nonce: salt, parallelism: 4, tagLength: 32, memory: 4096, passes: 3 };
  const scrypted = scryptSync(password, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
  const derived = pbkdf2Sync(password, salt, 20_000, 32, "sha256");
  const derived512 = pbkdf2Sync(password, salt, 20_000, 64, "sha512");
  const forms = [
    `$argon2id$v=19$m=4096,t=3,p=4$${base64(salt)}$${base64(argon2Sync("argon2id", argon))}`,
    `$argon2i$v=19$m=4096,t=3,p=4$${base64(salt)}$${base64(argon2Sync("argon2i", argon))}`,
    `$scrypt$ln=14,r=8,p=1$${base64(salt)}$${base64(scrypted)}`,
    `pbkdf2_sha256$20000$${salt}$${derived.toString("base64")}`,
    `$pbkdf2-sha256$20000$${base64(salt).replaceAll("+", ".")}$${base64(derived).replaceAll("+", ".")}`,
    `$pbkdf2-sha512$i=20000,l=64$${base64(salt)}$${base64(derived512)}`,
    bcrypt.hashSync(password, 8),
    bcrypt.hashSync(password, 8).replace("$2b$", "$2y$"),
  ];
  for (const form of forms) {
    const name = form.slice(0, 20);
    assert.equal(passwordHashProblem(form), undefined, name);
    const { ok, rehash } = await verifyPassword(form, password);
    assert.equal(ok, true, name);
    assert.match(rehash ?? "", /^\$argon2id\$v=19\$m=32768,/, name);
    assert.deepEqual(await verifyPassword(rehash, password), { ok: true }, name);
    assert.deepEqual(await verifyPassword(form, "wrong horse"), { ok: false }, name);
  }
});

test("a bcrypt hash of a password beyond its 72 bytes stays as it is", async () => {
  const long = "x".repeat(80);
  assert.deepEqual(await verifyPassword(bcrypt.hashSync(long, 8), long), { ok: true });
});

test("weak, dear and unknown forms are refused with a reason that does not repeat them", () => {
  const refused = [
    "",
    "hunter2",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
    "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
    "$argon2d$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg",
    "$argon2id$v=16$m=65536,t=3,p=4$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg",
    "$argon2id$v=19$m=9999999,t=3,p=4$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg",
    "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg",
    "$scrypt$ln=30,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg",
    "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg",
    "pbkdf2_sha256$100$salt$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg=",
    "pbkdf2_sha1$600000$salt$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg=",
    "$pbkdf2-sha256$999999999$MDEyMzQ1Njc4OWFiY2RlZg$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWg",
    "$2a$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
    "$2a$31$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
    `$argon2id$${"x".repeat(600)}`,
  ];
  for (const form of refused) {
    const problem = passwordHashProblem(form) ?? "";
    assert.equal(isPasswordHash(form), false, form);
    assert.ok(problem.length > 20, form);
    assert.ok(form.length < 8 || !problem.includes(form), form);
  }
});

test("a chosen password has 8 to 1024 characters and is not the username", () => {
  assert.match(passwordProblem("1234567", "ada") ?? "", /at least 8/);
  assert.match(passwordProblem("x".repeat(1025), "ada") ?? "", /at most 1024/);
  assert.match(passwordProblem("Lovelace", "lovelace") ?? "", /username/);
  assert.match(passwordProblem("\ud800 is half of one", "ada") ?? "", /well-formed/);
  assert.equal(passwordProblem("12345678", "ada"), undefined);
  assert.equal(passwordProblem("🔑🔑🔑🔑🔑🔑🔑🔑", "ada"), undefined);
  assert.equal(passwordProblem("🔑".repeat(1024), "ada"), undefined);
});

test("WEB-18 work takes turns: no more at once than allowed, in order, and too many are refused", async () => {
  const inTurn = turns(2, 3);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const work = (n: number): Promise<void> =>
    inTurn(() => {
      begun.push(n);
      return new Promise((resolve) => ends.push(resolve));
    });
  const all = [0, 1, 2, 3, 4].map(work);
  assert.deepEqual(begun, [0, 1]);
  await assert.rejects(work(5), TooManyWaiting);
  for (let n = 0; n < 5; n++) {
    ends[n]?.();
    await all[n];
  }
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  await assert.rejects(
    inTurn(() => Promise.reject(new Error("it failed"))),
    /it failed/,
  );
  assert.equal(await inTurn(() => Promise.resolve("free again")), "free again");
});
