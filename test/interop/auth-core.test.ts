// `@auth/core` (Auth.js), the library under NextAuth and the SvelteKit, Solid and Express integrations.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, test } from "node:test";
import { Auth, type AuthConfig } from "@auth/core";
import { everything, listening, startWithAlice } from "./alice.ts";

const party = await startWithAlice();
const { server, alice } = party;
after(() => server.close());

interface Account {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
}

/** What the library got at the token endpoint, the newest last. */
const accounts: Account[] = [];
let config: AuthConfig | undefined;
const application = await listening((request, response) => {
  if (request.url === "/") response.end("home");
  else void answer(request, response);
});
after(() => application.close());
const { origin } = application;

const registered = await party.client(`${origin}/auth/callback/rescind`, {
  post_logout_redirect_uris: [`${origin}/auth/session`],
});
config = {
  basePath: "/auth",
  trustHost: true,
  secret: "the application's own secret, long enough",
  providers: [
    {
      id: "rescind",
      name: "Rescind",
      type: "oidc",
      issuer: server.issuer,
      clientId: registered.client_id,
      clientSecret: registered.client_secret,
      authorization: { params: { scope: everything } },
      checks: ["pkce", "state", "nonce"],
      idToken: false, // the profile comes from userinfo
    },
  ],
  callbacks: {
    jwt({ token, account }) {
      // The tokens as the token endpoint sent them.
      if (account) accounts.push(account as unknown as Account);
      return token;
    },
  },
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body: Buffer[] = [];
  request.on("data", (chunk: Buffer) => body.push(chunk));
  await once(request, "end");
  const init = {
    method: request.method ?? "GET",
    headers: new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    ...(request.method === "POST" ? { body: Buffer.concat(body) } : {}),
  };
  const answered = await Auth(new Request(new URL(request.url ?? "/", origin), init), config as AuthConfig);
  response.statusCode = answered.status;
  for (const [name, value] of answered.headers) if (name !== "set-cookie") response.setHeader(name, value);
  response.setHeader("set-cookie", answered.headers.getSetCookie());
  response.end(await answered.text());
}

test("@auth/core logs in with PKCE, state and nonce; the application refreshes, revokes and logs out", async () => {
  const person = party.browser(origin);
  const choice = await person.open(`${origin}/auth/signin`);
  const login = await person.submit(choice, {});
  assert.equal((await person.carryOn(login, alice)).text, "home");
  const { user } = JSON.parse((await person.open(`${origin}/auth/session`)).text);
  assert.deepEqual([user?.name, user?.email], ["Alice Liddell", "alice@example.com"]);

  const account = accounts.at(-1);
  assert.ok(account);
  const refreshed = await server.form(
    "/oauth2/token",
    { grant_type: "refresh_token", refresh_token: account.refresh_token },
    registered,
  );
  assert.equal(refreshed.status, 200, refreshed.text);
  const { refresh_token: successor, access_token: access } = refreshed.json;
  assert.equal((await server.form("/oauth2/revoke", { token: String(successor) }, registered)).status, 200);
  assert.deepEqual(await server.introspect(String(access)), { active: false });
  assert.deepEqual(await server.introspect(account.access_token), { active: false });

  const bye = new URL(`${server.issuer}/oauth2/logout`);
  bye.search = String(
    new URLSearchParams({
      id_token_hint: account.id_token,
      post_logout_redirect_uri: `${origin}/auth/session`,
    }),
  );
  assert.equal((await person.open(bye)).url.href, `${origin}/auth/session`);
  const again = await person.submit(await person.open(`${origin}/auth/signin`), {});
  assert.ok(
    again.forms.some((form) => form.names.includes("password")),
    again.text,
  );
});
