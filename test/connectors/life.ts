// The life every kit shows: served, refused for scope, refused once revoked, refused while the follower is away, served
// again when it is back.

import assert from "node:assert/strict";
import { until } from "../until.ts";
import { type Running, statusOf, type World } from "./programs.ts";

export interface Kit {
  readonly url: string;
  log(): string;
  /** How it refuses a good token without the scope. */
  readonly forScope: number;
  /** How it refuses what cannot be told. */
  readonly undecided: number;
}

/** Returns the follower that runs at the end. */
export async function livesThrough(world: World, kit: Kit, follow: () => Promise<Running>): Promise<Running> {
  const { server, shop } = world;
  let follower = await follow();
  const [token, other, poor] = await Promise.all(
    ["orders:read", "orders:read", "orders:write"].map((scope) => server.clientToken(shop, { scope })),
  );
  assert.ok(token !== undefined && other !== undefined && poor !== undefined);
  await until(async () => (await statusOf(kit.url, token)) === 200).catch(() => assert.fail(kit.log()));

  const served = await fetch(kit.url, {
    headers: { authorization: `Bearer ${token}`, "x-auth-subject": "mallory" },
  });
  assert.deepEqual(await served.json(), { subject: shop.client_id, sawToken: false });
  assert.equal(await statusOf(kit.url), 401);
  const forged = await fetch(kit.url, { headers: { authorization: `Bearer ${token.slice(0, -8)}AAAAAAAA` } });
  assert.equal(forged.status, 401);
  assert.match(forged.headers.get("www-authenticate") ?? "", /^Bearer .*error="invalid_token"/);
  assert.equal(await statusOf(kit.url, poor), kit.forScope);

  assert.equal((await server.form("/oauth2/revoke", { token }, shop)).status, 200);
  await until(async () => (await statusOf(kit.url, token)) === 401);
  await until(async () => (await statusOf(kit.url, other)) === 200);

  await follower.stop("SIGKILL");
  await until(async () => (await statusOf(kit.url, other)) === kit.undecided);
  assert.notEqual(await statusOf(kit.url, token), 200);
  follower = await follow();
  await until(async () => (await statusOf(kit.url, other)) === 200);
  assert.equal(await statusOf(kit.url, token), 401);
  return follower;
}
