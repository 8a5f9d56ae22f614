// E2, WEB-16 for people: after signing in with the log at debug, no password, code, cookie, setup link, pushed reference
// or transaction is in the log, in the metrics or in any file of the data directory (admin.json and master.key apart).

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { authorizationParameters } from "../authorization.ts";
import { type RegisteredClient, type ServerProcess, startServerProcess } from "../faults/server-process.ts";
import { pkce, redirectUri } from "../people.ts";
import { createPerson } from "../person.ts";

const passwords = [
  "correct horse battery staple",
  "a second one, from a link",
  "a wrong one, mistyped",
  "a third one, of her own choice",
];

const scope = "openid offline_access rescind:account";

/** Signs in by password and by link, pushed and not, rightly and wrongly; returns every secret of it. */
async function signInInEveryWay(server: ServerProcess, client: RegisteredClient): Promise<Set<string>> {
  const [first = "", second = "", wrong = "", third = ""] = passwords;
  const secrets = new Set(passwords);
  const keep = (text: unknown): string => {
    secrets.add(String(text));
    return String(text);
  };
  const made = await server.admin("POST", "/admin/v1/users", { username: "ada", password: first });
  const link = await server.admin("POST", `/admin/v1/users/${made.json.sub}/setup-link`, {});
  const setup = new URL(String(link.json.setup_url));
  keep(setup.searchParams.get("link"));
  const form = Object.fromEntries(authorizationParameters(client, { scope }));
  for (const password of [first, second]) {
    const browser = createPerson(server.issuer);
    const pushed = await server.form("/oauth2/par", form, client);
    const request_uri = keep(pushed.json.request_uri);
    keep(request_uri.slice(request_uri.lastIndexOf(":") + 1));
    const query = new URLSearchParams({ client_id: client.client_id, request_uri });
    const page = await browser.open(`${server.issuer}/oauth2/authorize?${query}`);
    await browser.submit(page, { username: wrong, password: wrong });
    const back = await browser.carryOn(await browser.submit(page, { username: "ada", password }), {
      username: "ada",
      password,
    });
    const code = keep(back.sent.get("code"));
    assert.match(code, /^rac_/);
    const redeemed = { grant_type: "authorization_code", code, redirect_uri: redirectUri };
    const { json } = await server.form(
      "/oauth2/token",
      { ...redeemed, code_verifier: pkce.verifier },
      client,
    );
    for (const name of ["access_token", "refresh_token", "id_token"]) keep(json[name]);
    for (const { url } of browser.seen)
      if (url.searchParams.has("transaction")) keep(url.searchParams.get("transaction"));
    for (const cookie of browser.cookies.values()) keep(cookie);
    if (password === second)
      await changePassword(server, String(json.access_token), { second, wrong, third });
    if (password !== first) continue;
    const chosen = await browser.submit(await browser.open(setup), { password: second, again: second });
    assert.equal(chosen.status, 200, chosen.text);
  }
  return secrets;
}

/** Wrongly, then rightly, with a key under which the answer is remembered. */
async function changePassword(
  server: ServerProcess,
  token: string,
  { second, wrong, third }: Record<"second" | "wrong" | "third", string>,
): Promise<void> {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "idempotency-key": "another-password",
  };
  for (const [current_password, status] of [
    [wrong, 400],
    [second, 204],
  ] as const) {
    const body = JSON.stringify({ current_password, new_password: third });
    const answer = await server.ask("POST", "/account/v1/password", headers, body);
    assert.equal(answer.status, status, answer.text);
  }
}

function filesOf(data: string): string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !["admin.json", "master.key"].includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

test("WEB-16 no secret of a sign-in is in the log, the metrics, a list or a file", async () => {
  const server = await startServerProcess({ flags: ["--log-level", "debug"] });
  try {
    const client = await server.registerClient({
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: [redirectUri],
      scope,
    });
    const secrets = await signInInEveryWay(server, client);
    assert.ok(secrets.size > 15, String(secrets.size));
    const places: [string, string][] = [["the log", server.output]];
    places.push(["metrics", (await server.ask("GET", "/metrics")).text]);
    for (const list of ["users", "sessions", "consents", "grants", "audit"])
      places.push([list, (await server.admin("GET", `/admin/v1/${list}?limit=1000`)).text]);
    for (const file of filesOf(server.data)) places.push([file, readFileSync(file, "latin1")]);
    assert.ok(server.output.includes('"route":"/login"') && server.output.includes("signed in"));
    for (const secret of secrets)
      for (const needle of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64url")])
        for (const [place, text] of places)
          assert.ok(!text.includes(needle), `${needle.slice(0, 12)}… stands in ${place}`);
  } finally {
    await server.close();
  }
});
