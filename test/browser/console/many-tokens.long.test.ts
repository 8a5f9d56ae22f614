// A million tokens in the database: every page has its content as soon as with none, and ten thousand rows scroll with
// no more of them in the document than fit on a screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../until.ts";
import { scrollTo, startConsole, within } from "./console.ts";
import { seededSubject, seedTokens } from "./seeded-tokens.ts";

const world = await startConsole();
const { server } = world;
const { client_id } = await server.registerClient({ name: "Orders" });
const grant = seedTokens({ data: server.data, clientId: client_id, tokens: 1_000_000 });
const subject = seededSubject(7);

/** Milliseconds; what is looked for without an index is given out after a second, as far as it got. */
const patience = 5_000;

test("with a million tokens, no call of any page waits for them", async () => {
  const page = await world.open("administrator", "/settings");
  const slow: string[] = [];
  page.on("requestfinished", (request) => {
    const { requestStart, responseEnd } = request.timing();
    if (responseEnd - requestStart > patience) slow.push(`${request.url()} ${responseEnd - requestStart} ms`);
  });
  const paths = [
    ...["/", "/tokens", "/tokens?status=revoked", "/tokens?status=expired", `/tokens?subject=${subject}`],
    ...[
      `/tokens?client_id=${client_id}`,
      "/tokens?subject=nobody",
      `/grants/${grant}`,
      `/explain?id=${grant}`,
    ],
    ...["/sessions", "/users", "/clients", `/clients/${client_id}`, "/revocations", "/feed", "/audit"],
    ...[`/revocations/new?kind=subject&value=${subject}`, `/revocations/new?kind=client&value=${client_id}`],
  ];
  for (const path of paths) {
    await within(page, path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const waiting = page
      .getByRole("main")
      .locator("[aria-label$='being loaded'], [aria-label$='being counted']");
    await until(async () => (await waiting.count()) === 0);
  }
  assert.deepEqual(slow, []);
  assert.deepEqual(world.complaints, []);
  await page.context().close();
});

test("ten thousand rows are scrolled through by keyboard, and few of them are in the document", async () => {
  const page = await world.open("viewer", "/tokens");
  const most = await scrollTo(page, "Tokens", 10_000);
  assert.ok(most > 10 && most < 200, `${most} rows in the document`);
  await page.context().close();
});
