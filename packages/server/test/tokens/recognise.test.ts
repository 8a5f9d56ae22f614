// What it costs to find out what a text is: the reads of the store, counted. RFC 7009 section 2.1, THREATS RV-07.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { formatToken, randomBytesPerToken } from "@rescind/core";
import { openStore, type Store } from "@rescind/store";
import { tokenHashing } from "../../src/keys/digest.ts";
import { loadMasterKey } from "../../src/keys/master-key.ts";
import { Catalog } from "../../src/tokens/catalog.ts";
import { ForeignTokens } from "../../src/tokens/foreign-tokens.ts";
import { GenuineJwts } from "../../src/tokens/genuine-jwts.ts";
import { type RecogniseParts, recognise, recogniseRefreshToken } from "../../src/tokens/recognise.ts";

const issuer = "http://127.0.0.1:9400";
const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
let store: Store;
/** Names of the verbs that were asked, in order. */
let asked: string[] = [];

before(async () => {
  store = await openStore(`sqlite:${join(data, "rescind.db")}`);
});
after(async () => {
  await store.close();
  rmSync(data, { recursive: true, force: true });
});

/** The store itself, with every call noted. */
function counted(): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const verb: unknown = Reflect.get(target, name, receiver);
      if (typeof verb !== "function") return verb;
      return (...args: unknown[]) => {
        asked.push(String(name));
        return verb.apply(target, args);
      };
    },
  });
}

type Recogniser = (text: string, parts: RecogniseParts) => Promise<{ readonly kind: string }>;

async function costOf(text: string, previous?: string, by: Recogniser = recognise): Promise<string[]> {
  const counting = counted();
  const seal = loadMasterKey(undefined, data);
  const now = () => Date.now();
  asked = [];
  const { kind } = await by(text, {
    store: counting,
    catalog: new Catalog(counting, seal),
    hashing: tokenHashing(undefined, new Uint8Array(32), previous),
    foreignTokens: new ForeignTokens({ fetch: nothingToFetch, now, onFailure: () => undefined }),
    genuineJwts: new GenuineJwts(),
    issuer,
    now,
  });
  assert.equal(kind, "unknown", text);
  return asked;
}

async function nothingToFetch(uri: string): Promise<unknown> {
  throw new Error(`${uri} was fetched for a text of no registered issuer`);
}

const opaque = (kind: "access" | "refresh" | "code") =>
  formatToken(kind, store.nextId(), randomBytes(randomBytesPerToken));
const jwt = (claims: object) =>
  [{ alg: "ES256", typ: "at+jwt", kid: "k" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .concat(randomBytes(64).toString("base64url"))
    .join(".");

test("RV-07 a text is looked up once, in the one place where it could be, whatever a hint says", async () => {
  assert.deepEqual(await costOf(opaque("access")), ["findAccessToken"]);
  assert.deepEqual(await costOf(opaque("refresh")), ["findRefreshToken"]);
  assert.deepEqual(await costOf("a-token-of-some-other-system"), ["findImportedToken"]);
});

test("RV-07 what is made up to look like ours, too short, too long or no visible ASCII is not looked up at all", async () => {
  const genuine = opaque("access");
  for (const text of [
    `${genuine.slice(0, -1)}${genuine.endsWith("0") ? "1" : "0"}`,
    genuine.slice(0, -1),
    `${genuine}0`,
    "rat_made-up-and-long-enough",
    opaque("code"),
    "x",
    "x".repeat(1025),
    "a token with spaces in it",
    "",
  ])
    assert.deepEqual(await costOf(text), ["head"], text);
});

test("RV-07 where only a refresh token will do nothing else is looked up, nor any signature verified", async () => {
  const cost = (text: string) => costOf(text, undefined, recogniseRefreshToken);
  assert.deepEqual(await cost(opaque("refresh")), ["findRefreshToken"]);
  for (const text of [opaque("access"), jwt({ iss: issuer }), "a-token-of-some-other-system", ""])
    assert.deepEqual(await cost(text), ["head"], text);
});

test("RV-07 a JWT costs the head, and what is remembered of keys and issuers", async () => {
  assert.deepEqual(await costOf(jwt({ iss: issuer })), ["head", "listSigningKeys"]);
  const elsewhere = await costOf(jwt({ iss: "https://elsewhere.example" }));
  assert.deepEqual(elsewhere, ["head", "listIssuers", "findImportedToken"]);
});

test("while digests are being migrated a text from elsewhere is looked up twice at most", async () => {
  const text = "a-token-of-some-other-system";
  assert.deepEqual(await costOf(text, "the pepper of before the change"), [
    "findImportedToken",
    "findImportedToken",
  ]);
});
