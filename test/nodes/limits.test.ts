// Failures count on all nodes together: a node lets one attempt too many through at most, and successes count nowhere.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { authorizationParameters } from "../authorization.ts";
import { startNodes } from "../nodes.ts";
import { createPerson } from "../person.ts";
import type { TestServer } from "../running-server.ts";

const all = await startNodes(3);
after(() => all.close());

/** Whether the right secret works, or it is refused because of too many wrong ones. */
async function authenticates(
  node: TestServer,
  client: { client_id: string },
  secret: string,
): Promise<number> {
  const form = { grant_type: "client_credentials" };
  return (await node.form("/oauth2/token", form, { ...client, client_secret: secret })).status;
}

test("AC-20 wrong secrets at three nodes in turn are refused like wrong ones at one, and right ones write nothing", async () => {
  const client = await all.node(0).registerClient();
  for (let time = 0; time < 40; time++)
    assert.equal(await authenticates(all.node(time % 3), client, client.client_secret), 200);
  const statuses: number[] = [];
  for (let time = 0; time < 45; time++)
    statuses.push(await authenticates(all.node(time % 3), client, `wrong ${time}`));
  const tried = statuses.filter((status) => status === 401).length;
  assert.ok(tried >= 30 && tried <= 30 + 2, `${tried} attempts`);
  for (const node of all.nodes) assert.equal(await authenticates(node, client, client.client_secret), 429);
});

test("WEB-18 wrong passwords at three nodes in turn are limited together", async () => {
  let turn = 0;
  await all.front(() => all.node(turn % 3));
  const first = all.node(0);
  await first.admin("POST", "/admin/v1/users", { username: "ada", password: "a long enough password" });
  const client = await first.registerClient({
    grant_types: ["authorization_code"],
    redirect_uris: ["https://app.example/callback"],
    scope: "openid",
  });
  const person = createPerson(all.issuer);
  let page = await person.open(`${all.issuer}/oauth2/authorize?${authorizationParameters(client)}`);
  const statuses: (number | undefined)[] = [];
  for (; turn < 18; turn++) {
    page = await person.submit(page, { username: "ada", password: `wrong ${turn}` });
    statuses.push(page.status);
  }
  const limited = statuses.filter((status) => status === 429).length;
  assert.ok(limited >= 6 && limited <= 8, `${statuses}`);
  assert.equal(statuses.at(-1), 429);
});
