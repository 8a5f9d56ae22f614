// `npm run demo -- --browser` itself, in two windows: one whose calls are accepted, one in which an operator revokes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { until } from "../until.ts";
import { launchChromium } from "./chromium.ts";
import { patience } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "rescind-quickstart-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const demo = spawn(process.execPath, ["--conditions=source", "examples/demo.ts", "--browser"], {
  cwd: fileURLToPath(new URL("../..", import.meta.url)),
  env: { ...process.env, TMPDIR: folder },
});
after(() => demo.kill("SIGTERM"));
let output = "";
for (const stream of [demo.stdout, demo.stderr]) stream.on("data", (text) => (output += text));
const browser = await launchChromium();
after(() => browser.close());

interface Guest {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const [ada, grace] = await until(async () => {
  assert.equal(demo.exitCode, null, output);
  const steps = output.matchAll(/\d\. (\S+)\s+Sign in as (\w+) with the password ([\w-]+)/g);
  const [first, second] = [...steps].map(([, url = "", username = "", password = ""]): Guest => {
    return { url, username, password };
  });
  return first !== undefined && second !== undefined && output.includes("Ctrl+C") && [first, second];
}, 60_000);

test("a person's calls turn from accepted to refused in one window when an operator revokes in the other", async () => {
  const complaints: string[] = [];
  const page = await window(complaints);
  await page.goto(ada.url);
  await page.getByRole("button", { name: "Sign in" }).click();
  await signIn(page, ada);
  await page.getByRole("status").getByText("Accepted").waitFor();
  const accepted = page
    .getByRole("row")
    .filter({ hasText: '"reader":"ada@acme.example","groups":["sales"]' });
  await accepted.nth(1).waitFor();
  assert.deepEqual(complaints, [], "nothing is asked of anybody else, and the pages' policies hold");

  const operator = await window(complaints);
  await operator.goto(grace.url);
  await signIn(operator, grace);
  const revoke = operator.getByRole("button", { name: "Revoke", exact: true });
  await revoke.waitFor();
  // The newest row, since older ones make room.
  const lastBefore = await accepted.first().innerText();
  await until(async () => (await accepted.first().innerText()) !== lastBefore);
  assert.equal(await page.getByText("Refused").count(), 0, "looking at what an order reaches ends nothing");

  const ordered = performance.now();
  await revoke.click();
  await page.getByRole("status").getByText("Refused").waitFor();
  console.log(`seen in the other window ${(performance.now() - ordered).toFixed(0)} ms after the click`);
  await page.getByRole("row").filter({ hasText: "401" }).first().getByText("invalid_token").waitFor();
  const refused = await until(async () => /a call (-?\d+) ms after the order/.exec(output)?.[1]);
  console.log(`refused at the API ${refused} ms after the order`);
  assert.ok(Number(refused) >= 0, "refused after the order, not before");
  const statuses = await page.getByRole("row").locator("td:nth-child(4)").allInnerTexts();
  assert.match(statuses.join(" "), /^401( 401)*( 200)*$/, "refused once, accepted never again");

  await page.getByRole("button", { name: "Sign in again" }).click();
  await signIn(page, ada);
  await page.getByRole("status").getByText("Accepted").waitFor();
});

test("an interruption ends it, and nothing is left behind", async () => {
  const exited = once(demo, "exit");
  demo.kill("SIGINT");
  assert.deepEqual(await exited, [0, null], output);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("rescind")),
    [],
  );
});

/** A page in a browser of its own, which tells what it asks of others and what its pages' policies refuse. */
async function window(complaints: string[]): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(patience);
  const own = [ada, grace].map(({ url }) => new URL(url).origin);
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    if (!own.includes(origin) && !/^(data|blob):/.test(request.url())) complaints.push(request.url());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused call is told there, too, and is meant to be.
    if (message.type() === "error" && !message.text().includes("401")) complaints.push(message.text());
  });
  return page;
}

async function signIn(page: Page, { username, password }: Guest): Promise<void> {
  await page.getByLabel("Username or email address").fill(username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
