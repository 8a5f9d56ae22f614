// Two servers: one through which people sign in at the other. The upstream is reached by another host name, so that a
// person's cookies of the one are not those of the other.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { loadMasterKey } from "../../packages/server/src/keys/master-key.ts";
import { upstreamTokenPurpose } from "../../packages/server/src/upstream/revoker.ts";
import { type Authenticator, authenticator } from "../authenticator.ts";
import { authorizationParameters, authorizationUrl } from "../authorization.ts";
import { type Alice, startWithAlice } from "../interop/alice.ts";
import { type People, peopleOf, pkce, redirectUri } from "../people.ts";
import { type Credentials, createPerson, type Page, type Person } from "../person.ts";
import { type Answered, type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";

export interface UpstreamWorld {
  readonly server: TestServer;
  readonly issuer: string;
  readonly people: People;
  /** The application that people sign in to. */
  readonly app: RegisteredClient;
  readonly upstream: TestServer;
  readonly upstreamIssuer: string;
  /** Known at the upstream. */
  readonly alice: Alice;
  /** Adds somebody at the upstream. */
  personThere(username: string, more?: Record<string, unknown>): Promise<Alice>;
  /** Registers this server there, and the provider here. */
  provider(upstreamId: string, more?: Record<string, unknown>): Promise<void>;
  /** As the upstream gave it. */
  clientSecret(upstreamId: string): string;
  change(upstreamId: string, change: Record<string, unknown>): Promise<void>;
  /** A browser that reaches both. */
  browser(): Person;
  /** From the application through the provider's button to where nothing more is asked. */
  continueWith(upstreamId: string, who: Credentials, person?: Person): Promise<Page>;
  /** The tokens that the application gets for the code of a page. */
  redeem(page: Page): Promise<Record<string, unknown>>;
  /** Everything that is kept of sign-ins and can be opened, newest first. */
  keptTokens(): { readonly id: string; readonly status: string; readonly text: string }[];
  /** What the upstream says of a token. */
  isLiveThere(token: string): Promise<boolean>;
  close(): Promise<void>;
}

export async function startUpstreamWorld(): Promise<UpstreamWorld> {
  const server = await startTestServer();
  const people = await peopleOf(server);
  const app = await people.client({ first_party: true });
  const { server: upstream, alice } = await startWithAlice();
  const upstreamIssuer = upstream.issuer.replace("127.0.0.1", "localhost");
  await upstream.restart(["--issuer", upstreamIssuer]);
  const secrets = new Map<string, string>();
  const world: UpstreamWorld = {
    server,
    issuer: server.issuer,
    people,
    app,
    upstream,
    upstreamIssuer,
    alice,
    async personThere(username, more = {}) {
      const password = "correct horse battery staple";
      const { status, json, text } = await upstream.admin("POST", "/admin/v1/users", {
        username,
        password,
        ...more,
      });
      if (status !== 201) throw new Error(text);
      return { sub: String(json.sub), username, password };
    },
    async provider(upstreamId, more = {}) {
      const there = await upstream.registerClient({
        name: "Downstream",
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [`${server.issuer}/login/upstream/${upstreamId}/callback`],
        scope: "openid profile email",
        first_party: true,
      });
      secrets.set(upstreamId, there.client_secret);
      const { status, text } = await server.admin("POST", "/admin/v1/upstreams", {
        upstream_id: upstreamId,
        name: upstreamId.toUpperCase(),
        issuer: upstreamIssuer,
        client_id: there.client_id,
        client_secret: there.client_secret,
        ...more,
      });
      if (status !== 201) throw new Error(text);
    },
    clientSecret: (upstreamId) => secrets.get(upstreamId) ?? "",
    async change(upstreamId, change) {
      const { status, text } = await server.admin("PATCH", `/admin/v1/upstreams/${upstreamId}`, change);
      if (status !== 200) throw new Error(text);
    },
    browser: () => createPerson(server.issuer, upstreamIssuer),
    async continueWith(upstreamId, who, person = world.browser()) {
      const page = await person.open(authorizationUrl(server, app));
      const there = await person.submit(page, { upstream: upstreamId });
      return there.url.origin === upstreamIssuer ? person.carryOn(there, who) : there;
    },
    async redeem({ sent, text, url }) {
      const code = sent.get("code");
      if (code === null) throw new Error(`no code at ${url}: ${text}`);
      const answer = await people.redeem(app, code, {
        code_verifier: pkce.verifier,
        redirect_uri: redirectUri,
      });
      if (answer.status !== 200) throw new Error(answer.text);
      return answer.json;
    },
    keptTokens() {
      const database = new DatabaseSync(join(server.data, "rescind.db"), { readOnly: true });
      const seal = loadMasterKey(undefined, server.data);
      const rows = database
        .prepare("SELECT CAST(id AS TEXT) AS id, status, sealed FROM upstream_tokens ORDER BY id DESC")
        .all();
      database.close();
      return rows.flatMap(({ id, status, sealed }) =>
        sealed instanceof Uint8Array
          ? [
              {
                id: String(id),
                status: String(status),
                text: Buffer.from(seal.open(upstreamTokenPurpose(String(id)), sealed)).toString(),
              },
            ]
          : [],
      );
    },
    isLiveThere: async (token) => (await upstream.introspect(token)).active === true,
    async close() {
      await people.close();
      await Promise.all([server.close(), upstream.close()]);
    },
  };
  return world;
}

export interface Account {
  readonly person: Person;
  /** The account API as this person. */
  ask(method: string, path: string, body?: unknown): Promise<Answered>;
}

/** Somebody with a token for their own account; `enter` brings a browser from the sign-in page back to the application. */
export async function accountAt(
  at: { readonly server: TestServer; readonly issuer: string },
  person: Person,
  enter: (page: Page) => Promise<Page>,
): Promise<Account> {
  const own = await at.server.registerClient({
    name: "Account",
    grant_types: ["authorization_code"],
    redirect_uris: [redirectUri],
    scope: "openid rescind:account",
    first_party: true,
  });
  const query = authorizationParameters(own, { scope: "openid rescind:account" });
  const { sent, text } = await enter(await person.open(`${at.issuer}/oauth2/authorize?${query}`));
  const form = {
    grant_type: "authorization_code",
    code: sent.get("code") ?? text,
    redirect_uri: redirectUri,
    code_verifier: pkce.verifier,
  };
  const { status, json, text: answer } = await at.server.form("/oauth2/token", form, own);
  if (status !== 200) throw new Error(answer);
  const authorization = `Bearer ${json.access_token}`;
  return {
    person,
    ask: (method, path, body) =>
      at.server.request(`/account/v1${path}`, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

/** Sets up an authenticator app. */
export async function enrol({ ask }: Account): Promise<Authenticator> {
  const { json } = await ask("POST", "/totp", {});
  const app = authenticator(String(json.secret));
  for (let tries = 0; tries < 2; tries += 1) {
    const { status } = await ask("POST", "/totp/confirm", { state: json.state, code: app.next() });
    if (status === 201) return app;
  }
  throw new Error("the code was not accepted");
}
