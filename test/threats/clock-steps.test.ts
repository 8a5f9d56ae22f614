// THREATS RV-20: the clock of the server's machine is set back, or forward, between orders and issuing. Numbers decide
// what an order covers; the clock decides about `exp` and `before` only.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());
const minutes = 60_000;

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

function refresh(client: RegisteredClient, token: unknown) {
  return server.form("/oauth2/token", { grant_type: "refresh_token", refresh_token: String(token) }, client);
}

for (const access_token_format of ["jwt", "opaque"])
  for (const [direction, step] of [
    ["back", -5 * minutes],
    ["forward", 5 * minutes],
  ] as const)
    test(`RV-20 after the clock was set ${direction} five minutes, orders cover what was issued before them and no more (${access_token_format})`, async (t) => {
      const client = await server.registerClient({ access_token_format });
      const subject = `usr_clock_${access_token_format}_${direction}`;
      const select = { subject, client_id: client.client_id };
      const order = async () =>
        assert.equal((await server.admin("POST", "/admin/v1/revocations", { select })).status, 201);

      const first = await server.openGrant(client, subject);
      await order();
      t.mock.timers.enable({ apis: ["Date"], now: Date.now() + step });
      const second = await server.openGrant(client, subject);
      const { iat } = await server.introspect(String(second.access_token));
      assert.ok(
        Math.abs(Number(iat) * 1000 - Date.now()) < 2000,
        "the server goes by the clock that was set",
      );
      assert.deepEqual(
        await Promise.all([first.access_token, first.refresh_token, second.access_token].map(isLive)),
        [false, false, true],
        "issued after the order, whatever the clock says",
      );
      const refreshed = await refresh(client, second.refresh_token);
      assert.equal(refreshed.status, 200);
      await order();
      const minted = [second.access_token, refreshed.json.access_token, refreshed.json.refresh_token];
      assert.deepEqual(await Promise.all(minted.map(isLive)), [false, false, false]);
      t.mock.timers.reset();
      assert.deepEqual(
        await Promise.all(minted.map(isLive)),
        [false, false, false],
        "and when it is set right",
      );
      assert.equal((await refresh(client, first.refresh_token)).json.error, "invalid_grant");
      assert.equal(await isLive((await server.openGrant(client, subject)).access_token), true);
    });

test("RV-20 an order given with a clock that is behind still covers what was issued before by the right clock", async (t) => {
  const client = await server.registerClient();
  const opened = await server.openGrant(client, "usr_behind");
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() - 5 * minutes });
  const { json } = await server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_behind" } });
  assert.ok(Date.parse(String(json.at)) < Date.now() + 1000);
  assert.equal(await isLive(opened.access_token), false);
  t.mock.timers.reset();
  assert.equal(await isLive(opened.access_token), false);
});
