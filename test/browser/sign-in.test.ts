// People sign in with Chromium: the way through the pages, and what goes wrong on it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startWithAlice } from "../interop/alice.ts";
import { alice, arrived, heading, signIn, startWorld } from "./world.ts";

const world = await startWorld();
const { callback } = world;
const trusted = { client_id: world.trusted.client_id };

test("sign in, allow, arrive; the second time nothing is asked", async () => {
  const page = await world.page();
  await page.goto(world.url());
  assert.equal(await heading(page), "Sign in");
  await signIn(page);
  await page.getByRole("heading", { name: "Allow Orders Dashboard?" }).waitFor();
  await page.getByText("Alice Liddell").waitFor();
  await page.getByRole("button", { name: "Allow" }).click();
  const got = await arrived(page, callback);
  assert.match(got.code ?? "", /^rac_/);
  assert.equal(got.state, "af0ifjsldkj");
  assert.equal(got.iss, world.server.issuer);
  await page.goto(world.url());
  assert.match((await arrived(page, callback)).code ?? "", /^rac_/);
});

test("a refusal reaches the application", async () => {
  const page = await world.page();
  await page.goto(world.url({ prompt: "consent" }));
  await signIn(page);
  await page.getByRole("button", { name: "Deny" }).click();
  const got = await arrived(page, callback);
  assert.equal(got.error, "access_denied");
  assert.equal(got.code, undefined);
});

test("a wrong password says so, keeps the name, and puts the cursor where it is to be mended", async () => {
  const page = await world.page();
  await page.goto(world.url());
  await signIn(page, "wrong");
  const alert = page.getByRole("alert");
  await alert.waitFor();
  assert.equal(await alert.innerText(), "The username or the password is wrong.");
  assert.equal(await page.getByLabel("Username or email address").inputValue(), alice.username);
  const password = page.getByLabel("Password");
  assert.equal(await password.inputValue(), "");
  await page.locator("#password:focus").waitFor();
  assert.equal(await password.getAttribute("aria-describedby"), await alert.getAttribute("id"));
  await signIn(page);
  await page.waitForURL((url) => url.pathname !== "/login");
});

test("the whole way by keyboard alone", async () => {
  const page = await world.page();
  await page.goto(world.url({ prompt: "login consent" }));
  // Focus is set with the page's first frame, which a busy machine draws after it was loaded.
  await page.locator("#username:focus").waitFor();
  await page.keyboard.type(alice.username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(alice.password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === "/consent");
  const order: string[] = [];
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press("Tab");
    order.push(await page.evaluate(() => document.activeElement?.textContent?.trim() ?? ""));
  }
  assert.deepEqual(order, ["Not you?", "Allow", "Deny"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  assert.match((await arrived(page, callback)).code ?? "", /^rac_/);
});

test("AC-14 two browsers: what one began the other cannot go on with", async () => {
  const [first, second] = [await world.page(), await world.page()];
  await first.goto(world.url({ prompt: "consent" }));
  await second.goto(world.url());
  await second.goto(first.url());
  assert.equal(await heading(second), "Opened in another browser");
  await signIn(first);
  await first.waitForURL((url) => url.pathname === "/consent");
  const third = await world.page();
  await third.goto(first.url());
  assert.equal(await heading(third), "Please start again");
});

test("a form used twice says that it has done its work, and leads on", async () => {
  const page = await world.page();
  await page.goto(world.url({ prompt: "consent" }));
  await signIn(page);
  await page.waitForURL((url) => url.pathname === "/consent");
  const consent = page.url();
  await page.getByRole("button", { name: "Allow" }).click();
  const first = await arrived(page, callback);
  await page.goto(consent);
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByRole("heading", { name: "Used already" }).waitFor();
  await page.getByRole("link", { name: "Start again" }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  const second = await arrived(page, callback);
  assert.match(second.code ?? "", /^rac_/);
  assert.notEqual(second.code, first.code);
});

test("a form that has waited too long says so, and its way back begins anew", async (context) => {
  const page = await world.page();
  await page.goto(world.url());
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() + 31 * 60_000 });
  await signIn(page);
  await page.getByRole("heading", { name: "This page has expired" }).waitFor();
  assert.equal((await page.context().cookies()).filter(({ name }) => name.includes("session")).length, 0);
  await page.getByRole("link", { name: "Start again" }).click();
  await signIn(page);
  await page.waitForURL((url) => url.pathname !== "/login");
});

test("form_post arrives as a form, by the page's own script and without scripts by its button", async () => {
  const scripted = await world.page();
  await scripted.goto(world.url(trusted));
  await signIn(scripted);
  await arrived(scripted, callback);
  await scripted.goto(world.url({ ...trusted, response_mode: "form_post", state: `"><b>&amp;` }));
  const got = await arrived(scripted, callback);
  assert.equal(got.method, "POST");
  assert.equal(got.state, `"><b>&amp;`);
  assert.match(got.code ?? "", /^rac_/);

  const context = await world.context({ javaScriptEnabled: false });
  await context.addCookies(await scripted.context().cookies());
  const plain = await context.newPage();
  await plain.goto(world.url({ ...trusted, response_mode: "form_post" }));
  assert.equal(await heading(plain), "One moment");
  await plain.getByRole("button", { name: "Continue" }).click();
  await plain.waitForURL((url) => url.href.startsWith(callback));
  assert.match(await plain.content(), /"method":"POST","code":"rac_/);
});

test("a request that another site posts finds the session, though Lax cookies do not travel with it", async () => {
  const page = await world.page();
  await page.goto(world.url(trusted));
  await signIn(page);
  await arrived(page, callback);
  const cookies: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/oauth2/authorize"))
      request.allHeaders().then(
        (headers) => cookies.push(headers.cookie ?? ""),
        () => undefined,
      );
  });
  // localhost is another site than 127.0.0.1.
  await page.goto(callback.replace("127.0.0.1", "localhost"));
  await page.evaluate(
    (url) => {
      const [action = "", query = ""] = url.split("?");
      const form = document.createElement("form");
      form.method = "post";
      form.action = action;
      for (const [name, value] of new URLSearchParams(query)) {
        const field = document.createElement("input");
        field.name = name;
        field.value = value;
        form.append(field);
      }
      document.body.append(form);
      form.submit();
    },
    world.url({ state: "posted" }),
  );
  const got = await arrived(page, callback);
  assert.equal(got.state, "posted");
  assert.match(got.code ?? "", /^rac_/, "it was not asked to sign in again");
  assert.deepEqual(cookies, [""]);
});

test("signing out asks, ends the session, and the next request asks for the password", async () => {
  const page = await world.page();
  await page.goto(world.url(trusted));
  await signIn(page);
  await arrived(page, callback);
  await page.goto(`${world.server.base}/oauth2/logout`);
  assert.equal(await heading(page), "Sign out?");
  await page.getByRole("button", { name: "Stay signed in" }).click();
  await page.getByRole("heading", { name: "You are signed in" }).waitFor();
  await page.goto(`${world.server.base}/oauth2/logout`);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByRole("heading", { name: "You are signed out" }).waitFor();
  await page.goto(world.url(trusted));
  assert.equal(await heading(page), "Sign in");
});

test("at a phone's width nothing is cut off, and what is to be touched is large enough", async () => {
  const page = await world.page({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const check = async (): Promise<void> => {
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `${page.url()} is ${width} px wide`);
    for (const control of await page.locator("button, input:visible").all()) {
      const box = await control.boundingBox();
      assert.ok(box !== null && box.height >= 44 && box.x >= 0 && box.x + box.width <= 390, page.url());
    }
  };
  await page.goto(world.url({ prompt: "consent" }));
  await check();
  await signIn(page);
  await page.waitForURL((url) => url.pathname === "/consent");
  await check();
  await page.goto(world.url({ prompt: "select_account" }));
  await check();
  await page.goto(`${world.server.base}/oauth2/logout`);
  await check();
  await page.goto(`${world.server.base}/login?transaction=${"x".repeat(300)}`);
  await check();
});

test("WEB-05 names full of markup are shown as text, and run nothing", async () => {
  const markup = `<img src=x onerror=alert(1)>"'&lt;{{7*7}}`;
  const { json } = await world.server.admin("POST", "/admin/v1/clients", {
    name: markup,
    grant_types: ["authorization_code"],
    redirect_uris: [callback],
    scope: "openid <script>alert(1)</script>",
  });
  const page = await world.page();
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    dialog.dismiss().catch(() => undefined);
  });
  const more = { client_id: String(json.client_id), scope: undefined, login_hint: markup };
  await page.goto(world.url(more));
  assert.equal(await page.getByText("to continue to").innerText(), `to continue to ${markup}`);
  assert.equal(await page.getByLabel("Username or email address").inputValue(), markup);
  await signIn(page);
  await page.getByRole("heading", { level: 1, name: `Allow ${markup}?`, exact: true }).waitFor();
  await page.getByText("<script>alert(1)</script>").waitFor();
  assert.deepEqual(dialogs, []);
  assert.equal(await page.locator("main img").count(), 1);
});

test("through another provider: a person continues there and comes back signed in", async () => {
  const { server: upstream, client } = await startWithAlice();
  after(() => upstream.close());
  const issuer = upstream.issuer.replace("127.0.0.1", "localhost");
  await upstream.restart(["--issuer", issuer]);
  const registered = await client(`${world.server.issuer}/login/upstream/corp/callback`, { name: "Rescind" });
  const { client_id, client_secret } = registered;
  const provider = {
    upstream_id: "corp",
    name: "Corp",
    issuer,
    client_id,
    client_secret,
    create_users: true,
  };
  const made = await world.server.admin("POST", "/admin/v1/upstreams", provider);
  assert.equal(made.status, 201, made.text);
  const page = await world.page();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(world.url(trusted));
  await page.getByRole("button", { name: "Continue with Corp" }).click();
  await page.waitForURL((url) => url.origin === issuer);
  await signIn(page);
  await page.getByRole("heading", { name: "Allow Rescind?" }).waitFor();
  await page.getByRole("button", { name: "Allow" }).click();
  assert.match((await arrived(page, callback)).code ?? "", /^rac_/);
  await page.goto(world.url(trusted));
  assert.match((await arrived(page, callback)).code ?? "", /^rac_/, "nothing is asked again");
  assert.deepEqual(complaints, []);
});
