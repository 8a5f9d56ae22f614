// FAULTS row 24: very many revocations at once, by bulk calls of 1,000 and by one order for all of a client's tokens,
// while others go on. That everybody is answered is asserted, in the long run also that no lease is late; how long the
// others waited is told, since on a shared machine it says as much about the machine.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type AccessToken, formatId } from "@rescind/core";
import { openStore } from "@rescind/store";
import { Others, quantile, requireAllAnswered, type Seen } from "./others.ts";
import { type RegisteredClient, requireStatus, type ServerProcess } from "./server-process.ts";

const inOneCall = 1000;
/** Whose text is known, so that introspection can be asked about them. */
const knownInOneCall = 2;
const mostStoredAtOnce = 1000;
/** Milliseconds. */
const latestLease = 1000;

export interface BurstSettings {
  readonly tokens: number;
  /** The address by which tokens are stored without issuing each over HTTP. */
  readonly database: string;
  /** Where only one process may write the database: the server is down while tokens are stored. */
  readonly stopsToStore: boolean;
  /** Where the others ask, if not where the revocations go. */
  readonly othersAt?: ServerProcess | undefined;
  /** Whether the leases' times are judged, and others' told. */
  readonly isMeasured: boolean;
}

/** Revokes so many tokens one by one in bulk calls, then as many with one order. */
export async function revokeInBursts(
  t: TestContext,
  server: ServerProcess,
  settings: BurstSettings,
): Promise<void> {
  const others = await Others.of(settings.othersAt ?? server);
  const [one, other] = [
    await server.registerClient({ access_token_format: "opaque" }),
    await server.registerClient({ access_token_format: "jwt" }),
  ];
  if (settings.stopsToStore) await server.kill();
  const ids = await storeTokens(settings, one);
  await storeTokens(settings, other);
  if (settings.stopsToStore) await server.start();

  const alone = await others.alone(settings.isMeasured ? 2000 : 20);
  requireAllAnswered(alone);
  const calls = Math.ceil(settings.tokens / inOneCall);
  const known = await Promise.all(
    Array.from({ length: calls * knownInOneCall }, () => server.clientToken(one)),
  );
  const bulk = await others.during(revokeOneByOne(server, { ids, known }));
  tell(t, `${settings.tokens} tokens in ${calls} bulk calls`, bulk.result, bulk.seen, alone);
  judge(bulk.seen, settings);
  for (const token of known.slice(-300)) assert.equal(await server.isActive(token), false);

  const survivors = await Promise.all(Array.from({ length: 20 }, () => server.clientToken(other)));
  const wide = await others.during(revokeAtOnce(server, other));
  tell(t, `${settings.tokens} tokens by one order`, wide.result, wide.seen, alone);
  judge(wide.seen, settings);
  for (const token of survivors) assert.equal(await server.isActive(token), false);
  assert.equal(await server.isActive(await server.clientToken(other)), true, "what is issued since is live");
  assert.equal(await others.isKept(), true);
}

/** Seconds it took. */
async function revokeOneByOne(
  server: ServerProcess,
  { ids, known }: { readonly ids: readonly string[]; readonly known: readonly string[] },
): Promise<number> {
  const began = performance.now();
  for (let call = 0; call * inOneCall < ids.length; call++) {
    const token_ids = ids.slice(call * inOneCall, (call + 1) * inOneCall - knownInOneCall);
    const tokens = known.slice(call * knownInOneCall, (call + 1) * knownInOneCall);
    const answer = await server.admin("POST", "/admin/v1/revocations/bulk", { tokens, token_ids });
    const { revoked, unknown } = requireStatus(answer, 200).json;
    assert.deepEqual([revoked, unknown], [tokens.length + token_ids.length, 0]);
  }
  return (performance.now() - began) / 1000;
}

async function revokeAtOnce(server: ServerProcess, client: RegisteredClient): Promise<number> {
  const began = performance.now();
  const select = { client_id: client.client_id };
  requireStatus(await server.admin("POST", "/admin/v1/revocations", { select }), 201);
  return (performance.now() - began) / 1000;
}

/** Stores client-credentials tokens as issuing does; their ids. */
async function storeTokens(settings: BurstSettings, client: RegisteredClient): Promise<string[]> {
  const store = await openStore(settings.database);
  const ids: string[] = [];
  const issuedAt = Math.floor(Date.now() / 1000);
  const { seq } = (await store.head()).position;
  try {
    while (ids.length < settings.tokens) {
      const tokens = Array.from({ length: Math.min(mostStoredAtOnce, settings.tokens - ids.length) }, () =>
        tokenOf(client, { id: store.nextId(), rev: seq, issuedAt }),
      );
      await Promise.all(tokens.map((token) => store.issue({ token, digest: undefined })));
      ids.push(...tokens.map(({ id }) => formatId("token", id)));
    }
  } finally {
    await store.close();
  }
  return ids;
}

function tokenOf(
  { client_id: clientId }: RegisteredClient,
  given: Pick<AccessToken, "id" | "rev" | "issuedAt">,
): AccessToken {
  return {
    ...given,
    clientId,
    subject: clientId,
    grantId: undefined,
    sessionId: undefined,
    keyId: undefined,
    kid: "kept-elsewhere",
    scopes: ["read"],
    audience: [],
    expiresAt: given.issuedAt + 900,
    grantIat: undefined,
    authTime: undefined,
    offline: false,
    lineage: [],
    claims: {},
  };
}

function tell(t: TestContext, what: string, seconds: number, seen: Seen, alone: Seen): void {
  t.diagnostic(`${what}: ${seconds.toFixed(1)} s, ${requireAllAnswered(seen)} requests beside it`);
  for (const kind of ["introspect", "issue", "refresh", "lease"] as const) {
    const p99 = ({ times }: Seen): string => `${quantile(times[kind], 0.99).toFixed(0)} ms`;
    t.diagnostic(
      `${kind}: p99 ${p99(seen)}, most ${quantile(seen.times[kind], 1).toFixed(0)} ms; alone p99 ${p99(alone)}`,
    );
  }
}

function judge(seen: Seen, { isMeasured }: BurstSettings): void {
  requireAllAnswered(seen);
  if (isMeasured)
    assert.ok(quantile(seen.times.lease, 1) <= latestLease, "no lease is late by more than a second");
}
