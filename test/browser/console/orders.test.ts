// Orders by people in the console: what they see before, what happens, and what each role may.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { startConsole } from "./console.ts";

const world = await startConsole();
const { server } = world;

test("a person is ended: the reach before, the receipt after, and the token is dead", async () => {
  const client = await server.registerClient({ name: "Orders" });
  const { access_token = "" } = await server.openGrant(client, "usr_ended");
  const page = await world.open("operator", "/revocations/new?kind=subject&value=usr_ended");
  await page.getByText("every token and session of the subject").waitFor();
  await page.getByRole("cell", { name: client.client_id }).waitFor();
  assert.equal((await server.introspect(access_token)).active, true, "looking ends nothing");
  await page.getByLabel("Note").fill("stolen phone");
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await page.getByRole("status").getByText("subject usr_ended: 1 access tokens").waitFor();
  assert.equal((await server.introspect(access_token)).active, false);
  const { json } = await server.admin("GET", "/admin/v1/revocations?subject=usr_ended");
  const [order] = json.items as { note: string; actor: { kind: string } }[];
  assert.deepEqual([order?.note, order?.actor.kind], ["stolen phone", "admin"]);

  await page.getByRole("link", { name: "All revocations" }).click();
  const row = page.getByRole("row").filter({ hasText: "subject usr_ended" });
  await row.getByRole("button", { name: "Lift" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Lift" }).click();
  await row.getByText(/lifted by/).waitFor();
  assert.equal((await server.introspect(access_token)).active, true);
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});

test("a large order wants its number, and one that reaches many people a fresh password", async () => {
  const client = await server.registerClient({ name: "Many" });
  await Promise.all(Array.from({ length: 60 }, (_, person) => server.openGrant(client, `usr_many${person}`)));
  const path = `/revocations/new?kind=client_id&value=${client.client_id}`;
  const page = await world.open("operator", path);
  const typed = page.getByLabel("Type 120 to confirm");
  const revoke = page.getByRole("button", { name: "Revoke", exact: true });
  await typed.waitFor();
  assert.equal(await revoke.isDisabled(), true);
  await typed.fill("119");
  assert.equal(await revoke.isDisabled(), true);
  await typed.fill("120");
  await revoke.click();
  await page.getByText(/has ended|have ended/).waitFor();
  const { json } = await server.admin("GET", `/admin/v1/tokens?client_id=${client.client_id}&status=live`);
  assert.deepEqual(json.items, []);
  await page.context().close();
});

test("a pasted token is explained, and its text stays out of the URL", async () => {
  const client = await server.registerClient({ name: "Paste" });
  const { access_token = "", grant_id = "" } = await server.openGrant(client, "usr_pasted");
  const page = await world.open("viewer", "/explain");
  await page.getByLabel("Token, id or jti").fill(access_token);
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("An access token").waitFor();
  await page.getByText(grant_id).first().waitFor();
  assert.equal(new URL(page.url()).search, "");
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  assert.equal(kept.includes(access_token.slice(-20)), false);
  assert.equal(await page.getByRole("link", { name: /^Revoke the/ }).count(), 0, "a viewer revokes nothing");
  await page.context().close();
});

test("what a role does not allow is not offered, and refused where it is asked for all the same", async () => {
  const { client_id } = await server.registerClient({ name: "Limits" });
  const offered = async (role: string): Promise<string[]> => {
    const page = await world.open(role, `/clients/${client_id}`);
    await page.getByRole("heading", { name: "Limits" }).waitFor();
    await page.getByRole("heading", { name: "Begin" }).waitFor();
    const names = await page.getByRole("main").getByRole("button").allInnerTexts();
    await page.context().close();
    return ["Suspend", "Rotate", "Delete", "Add a key"].filter((name) => names.includes(name));
  };
  assert.deepEqual(await offered("viewer"), []);
  assert.deepEqual(await offered("operator"), ["Suspend"]);
  assert.deepEqual(await offered("administrator"), ["Suspend", "Rotate", "Delete", "Add a key"]);
});

test("a client is registered, suspended and approved; its secret is shown once", async () => {
  const page = await world.open("administrator", "/clients/new");
  await page.getByLabel("Name").fill("Night job");
  await page.getByLabel("Scope").fill("read");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByRole("heading", { name: "Night job is registered" }).waitFor();
  const client_id = await page.getByLabel("Client id").inputValue();
  const client_secret = await page.getByLabel("Client secret").inputValue();
  const token = () =>
    server.form("/oauth2/token", { grant_type: "client_credentials" }, { client_id, client_secret });
  assert.equal((await token()).status, 200);
  await page.getByRole("link", { name: "To the client" }).click();
  assert.equal((await page.content()).includes(client_secret), false);
  await ask(page, "Suspend");
  await page.getByText("revoked", { exact: true }).first().waitFor();
  assert.equal((await token()).status, 401);
  await ask(page, "Approve");
  await page.getByText("approved", { exact: true }).first().waitFor();
  assert.equal((await token()).status, 200);
  await page.context().close();
});

/** The first button of this name, and the one of its question. */
async function ask(page: Page, name: string): Promise<void> {
  await page.getByRole("main").getByRole("button", { name, exact: true }).first().click();
  await page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

test("WEB-10 names, notes and user agents are text: nothing in them runs", async () => {
  const corpus = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
  ];
  for (const [index, text] of corpus.entries()) {
    await server.registerClient({ name: text });
    await server.admin("POST", "/admin/v1/users", { username: `${text}${index}`, name: text });
    await server.admin("POST", "/admin/v1/revocations", {
      select: { subject: `${text}`.trim() },
      note: text,
    });
  }
  const page = await world.open("administrator", "/clients");
  let dialogs = 0;
  page.on("dialog", (dialog) => {
    dialogs += 1;
    dialog.dismiss();
  });
  for (const [link, heading] of [
    ["Clients", "Clients"],
    ["Users", "Users"],
    ["Revocations", "Revocations"],
    ["Audit", "Audit"],
  ] as const) {
    await page.getByRole("navigation").getByRole("link", { name: link, exact: true }).click();
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    await page
      .getByText(corpus[0] ?? "")
      .first()
      .waitFor();
  }
  assert.equal(dialogs, 0);
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});
