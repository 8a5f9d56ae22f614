// What people look at while something happens, and how they get there: a grant's family, the feed,
// the palette.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { GrantFamily } from "@rescind/admin-api";
import { exchanged, exchanger } from "../../exchanges.ts";
import { until } from "../../until.ts";
import { assertAccessible, startConsole } from "./console.ts";

const world = await startConsole();
const { server } = world;

test("RT-02 a grant's family shows each rotation, what was exchanged, what is live, and where the replay happened", async () => {
  const client = await server.registerClient({ name: "Family" });
  const [gateway, backend] = [await exchanger(server), await exchanger(server)];
  const refresh = async (refresh_token: unknown): Promise<Record<string, unknown>> =>
    (
      await server.form(
        "/oauth2/token",
        { grant_type: "refresh_token", refresh_token: String(refresh_token) },
        client,
      )
    ).json;
  const opened = await server.openGrant(client, "usr_family");
  const second = await refresh(opened.refresh_token);
  const third = await refresh(second.refresh_token);
  await refresh(third.refresh_token);
  const level1 = await exchanged(server, gateway, second.access_token);
  await exchanged(server, backend, level1);
  const { grant_id } = opened;
  const read = async () =>
    (await server.admin("GET", `/admin/v1/grants/${grant_id}/family`)).json as GrantFamily;
  const told = await read();
  assert.deepEqual(
    told.refresh_tokens.map(({ status }) => status),
    ["live", "spent", "spent", "spent"],
  );
  assert.deepEqual(
    told.refresh_tokens.map(({ successor_id }) => successor_id),
    [undefined, ...told.refresh_tokens.slice(0, -1).map(({ token_id }) => token_id)],
  );
  const [first, then] = told.exchanged_tokens;
  assert.deepEqual(first?.exchanged_from, [idOf(second.access_token)]);
  assert.deepEqual(then?.exchanged_from, [first?.token_id]);
  assert.equal(told.whole, true);

  const page = await world.open("operator", `/grants/${grant_id}`);
  const family = page.getByRole("list", { name: "The family, oldest first" });
  await family.getByText("Opened").waitFor();
  await until(async () => (await family.getByText("live", { exact: true }).count()) === 7);
  const all = [...told.refresh_tokens, ...told.access_tokens, ...told.exchanged_tokens];
  assert.equal(all.length, 10);
  for (const { token_id: id } of all)
    assert.equal(await family.getByRole("link", { name: id, exact: true }).count(), 1, id);
  assert.equal(await family.getByText("Refreshed").count(), 3);
  assert.equal(await family.getByText("spent", { exact: true }).count(), 3);
  const below = family.getByRole("list", { name: `Exchanged from ${first?.token_id}` });
  assert.equal(await below.getByRole("link", { name: then?.token_id ?? "", exact: true }).count(), 1);
  await assertAccessible(page, "a family");

  // A retry within the grace window is none; of what was spent before the last one every use is a replay.
  assert.equal((await refresh(opened.refresh_token)).error, "invalid_grant");
  // It is looked at again by itself: what happened and what is live, each when it comes.
  await family.getByText("Replay detected").waitFor();
  await until(async () => (await family.getByText("revoked", { exact: true }).count()) === 7);
  const replayed = family
    .getByRole("listitem")
    .filter({ has: page.getByText("presented again", { exact: true }) });
  assert.equal(
    await replayed
      .last()
      .getByRole("link", { name: told.refresh_tokens[3]?.token_id ?? "" })
      .count(),
    1,
  );
  assert.equal(await family.getByText("live", { exact: true }).count(), 0);
  assert.equal(await family.getByRole("button", { name: "Lift" }).count(), 0, "a replay stays");
  await page.getByRole("link", { name: "Revoke the grant" }).waitFor({ state: "detached" });
  assert.ok((await read()).exchanged_tokens.every(({ status }) => status === "revoked"));
  assert.equal((await server.admin("GET", "/admin/v1/grants/gnt_1/family")).status, 404);
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});

/** The `jti` of a JWT of ours. */
function idOf(jwt: unknown): string {
  return JSON.parse(Buffer.from(String(jwt).split(".")[1] ?? "", "base64url").toString()).jti;
}

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

test("what is appended to the log appears on the feed by itself, lifts and suspensions too", async () => {
  const { client_id } = await server.registerClient({ name: "Fed" });
  const page = await world.open("viewer", "/audit");
  const stream = page.waitForResponse((response) => response.url().includes("/admin/v1/feed?after="));
  await page.goto(`${server.base}/console/feed`);
  assert.equal(await (await stream).headerValue("content-type"), "text/event-stream");
  const feed = page.getByRole("table", { name: "Entries of the log, newest first" });
  const revoked = await server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_fed" } });
  const row = feed.getByRole("row").filter({ hasText: "subject usr_fed" });
  await row.getByText("ends", { exact: true }).waitFor();
  await row.getByRole("cell", { name: String(revoked.json.seq), exact: true }).waitFor();
  const lifted = await server.admin("POST", `/admin/v1/revocations/${revoked.json.id}/lift`, {});
  await row.filter({ hasText: `lifts ${revoked.json.seq}` }).waitFor();
  await server.admin("POST", `/admin/v1/clients/${client_id}/revoke`, {});
  await feed.getByRole("row").filter({ hasText: client_id }).getByText("suspends").waitFor();
  const numbers = (await feed.locator("tbody tr td:first-child").allInnerTexts()).map(Number);
  assert.deepEqual(numbers.slice(0, 3), [Number(lifted.json.seq) + 1, lifted.json.seq, revoked.json.seq]);
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});

test("the palette goes to pages and ids by keyboard, and hands a token over without a trace", async () => {
  const client = await server.registerClient({ name: "Palette" });
  const { grant_id = "", access_token = "" } = await server.openGrant(client, "usr_palette");
  const page = await world.open("viewer", "/");
  const field = page.getByRole("combobox", { name: "A page, an id, or a token" });
  const type = async (text: string): Promise<void> => {
    await page.keyboard.press("Control+k");
    await field.fill(text);
  };
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await type("aud");
  await assertAccessible(page, "the palette");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();
  await field.waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Go to" }).click();
  await field.fill("new revocation");
  await page.getByText("Nothing has this name").waitFor(); // a viewer orders nothing
  await page.keyboard.press("Escape");
  await field.waitFor({ state: "detached" });

  await type(grant_id);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Grant" }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/console/grants/${grant_id}`);

  await type(access_token);
  await page.getByRole("option", { name: "Explain this token" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("An access token").waitFor();
  assert.equal(new URL(page.url()).search, "");
  const kept = await page.evaluate(() =>
    JSON.stringify([{ ...sessionStorage }, { ...localStorage }, history.state, location.href]),
  );
  assert.equal(kept.includes(access_token.slice(-20)), false);

  const { json } = await server.admin("GET", `/admin/v1/tokens?grant_id=${grant_id}&kind=refresh`);
  const [refresh] = json.items as { token_id: string }[];
  await type(refresh?.token_id ?? "");
  await page.keyboard.press("Enter");
  await page.getByText("A refresh token").waitFor(); // and no longer what was pasted before
  assert.equal(await page.getByText("An access token").count(), 0);
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});
