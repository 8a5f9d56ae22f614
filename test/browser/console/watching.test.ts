// What people look at while something happens, and how they get there: a grant's family.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startConsole } from "./console.ts";

const world = await startConsole();
const { server } = world;

test("a grant's family shows each refresh, what is live, and where a replay ended it", async () => {
  const client = await server.registerClient({ name: "Family" });
  const refresh = async (refresh_token = ""): Promise<Record<string, unknown>> =>
    (await server.form("/oauth2/token", { grant_type: "refresh_token", refresh_token }, client)).json;
  const { grant_id = "", refresh_token: first } = await server.openGrant(client, "usr_family");
  const second = String((await refresh(first)).refresh_token);
  await refresh(second);
  const page = await world.open("operator", `/grants/${grant_id}`);
  const family = page.getByRole("list", { name: "The family, oldest first" });
  await family.getByText("Opened").waitFor();
  const { json } = await server.admin("GET", `/admin/v1/tokens?grant_id=${grant_id}`);
  const ids = (json.items as { token_id: string }[]).map(({ token_id }) => token_id);
  assert.equal(ids.length, 4);
  for (const id of ids)
    assert.equal(await family.getByRole("link", { name: id, exact: true }).count(), 1, id);
  assert.equal(await family.getByText("Refreshed").count(), 2);
  assert.equal(await family.getByText("spent", { exact: true }).count(), 2);
  assert.equal(await family.getByText("live", { exact: true }).count(), 4);
  assert.equal(await page.getByRole("link", { name: "Revoke the grant" }).count(), 1);

  assert.equal((await refresh(first)).error, "invalid_grant");
  await family.getByText("Replay detected").waitFor(); // it is looked at again by itself
  assert.equal(await family.getByText("live", { exact: true }).count(), 0);
  assert.equal(await family.getByText("revoked", { exact: true }).count(), 4);
  assert.equal(await family.getByRole("button", { name: "Lift" }).count(), 0, "a replay stays");
  assert.equal(await page.getByRole("link", { name: "Revoke the grant" }).count(), 0);
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});

test("an order that ended a grant is lifted from its family", async () => {
  const client = await server.registerClient({ name: "Lifted" });
  const { grant_id = "", access_token = "" } = await server.openGrant(client, "usr_lifted");
  await server.admin("POST", "/admin/v1/revocations", {
    select: { subject: "usr_lifted" },
    note: "by mistake",
  });
  const page = await world.open("operator", `/explain?id=${grant_id}`);
  await page.getByRole("link", { name: grant_id }).click();
  const order = page.getByRole("listitem").filter({ hasText: "subject usr_lifted" });
  await order.getByText("ends what it covers").waitFor();
  await order.getByRole("button", { name: "Lift" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Lift" }).click();
  await order.getByText(/lifted by \d/).waitFor();
  await page.getByRole("link", { name: "Revoke the grant" }).waitFor();
  assert.equal((await server.introspect(access_token)).active, true);
  await page.context().close();
});
