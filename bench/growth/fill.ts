// Fills a stopped server's database through the store's own verbs, thousands at a time: live tokens whose texts are known,
// tokens that have long expired, and standing entries.

import { hash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { entryLife, formatId, formatToken, type RowId, randomBytesPerToken } from "@rescind/core";
import { type NewAccessToken, type Order, openSqlite, type Store } from "@rescind/store";

/** Verbs under way at once: what they write shares few commits. */
const outstanding = 4_000;
const ordersAtOnce = 1_000;
/** Seconds. */
const day = 24 * 60 * 60;
/** When row ids begin, and how many bits stand behind their milliseconds. */
const idEpochMs = Date.UTC(2025, 0, 1);
const idShift = 22n;

export interface Place {
  readonly data: string;
  readonly issuer: string;
}

/** Live opaque tokens of one client; the texts of some of them, spread over all. */
export async function fillLive(
  place: Place,
  { clientId, count, sample }: { clientId: string; count: number; sample: number },
): Promise<string[]> {
  const texts: string[] = [];
  const every = Math.max(1, Math.floor(count / sample));
  await withStore(place, (store) =>
    together(count, async (number) => {
      const id = store.nextId();
      const text = formatToken("access", id, randomBytes(randomBytesPerToken));
      if (number % every === 0 && texts.length < sample) texts.push(text);
      const nowS = Math.floor(Date.now() / 1000);
      await store.issue(tokenOf({ id, clientId, issuedAt: nowS, expiresAt: nowS + day }, text));
    }),
  );
  return texts;
}

/** Tokens whose end was longer ago than expired rows stay. */
export async function fillExpired(place: Place, clientId: string, count: number): Promise<void> {
  const issuedAtMs = Date.now() - 3 * day * 1000;
  const issuedAt = Math.floor(issuedAtMs / 1000);
  const first = BigInt(issuedAtMs - idEpochMs) << idShift;
  await withStore(place, (store) =>
    together(count, async (number) => {
      const id: RowId = String(first + BigInt(number));
      await store.issue(tokenOf({ id, clientId, issuedAt, expiresAt: issuedAt + 900 }, id));
    }),
  );
}

/** Entries of tokens that nobody has. */
export async function fillEntries(place: Place, count: number): Promise<void> {
  const { issuer } = place;
  const order = (store: Store): Order => {
    const atMs = Date.now();
    const id = store.nextId();
    return {
      id,
      unit: { name: "token", issuer, value: formatId("token", id), client: undefined },
      fp: randomBytes(16).toString("base64url"),
      atMs,
      final: true,
      lifeFor: (longest) => entryLife("token", false, atMs / 1000, longest),
      actor: { kind: "client", id: "bench" },
      reason: "unspecified",
      select: { token_id: formatId("token", id) },
    };
  };
  await withStore(place, async (store) => {
    for (let left = count; left > 0; left -= ordersAtOnce)
      await store.revokeMany(Array.from({ length: Math.min(left, ordersAtOnce) }, () => order(store)));
  });
}

async function withStore(place: Place, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openSqlite({ path: join(place.data, "rescind.db"), issuer: place.issuer });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

async function together(count: number, once: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) await once(number);
  };
  await Promise.all(Array.from({ length: Math.min(outstanding, count) }, lane));
}

interface Facts {
  readonly id: RowId;
  readonly clientId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

function tokenOf(facts: Facts, text: string): NewAccessToken {
  const token = {
    ...facts,
    subject: facts.clientId,
    grantId: undefined,
    sessionId: undefined,
    keyId: undefined,
    kid: undefined,
    scopes: ["read"],
    audience: ["https://api.example"],
    rev: 0,
    grantIat: undefined,
    authTime: undefined,
    offline: false,
    lineage: [],
    claims: {},
  };
  return { token, digest: hash("sha256", text, "buffer") };
}
