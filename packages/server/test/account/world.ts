// A server with people who hold tokens of the scope rescind:account, and what their tests ask.

import assert from "node:assert/strict";
import { type People, peopleOf, type SignedIn } from "../../../../test/people.ts";
import {
  type Answered,
  type RegisteredClient,
  startTestServer,
  type TestServer,
} from "../../../../test/running-server.ts";

export const password = "correct horse battery";

export interface Someone extends SignedIn {
  readonly username: string;
  /** With the scope rescind:account, of this session. */
  readonly token: string;
  readonly tokens: Record<string, unknown>;
}

export interface AccountWorld {
  readonly server: TestServer;
  readonly people: People;
  /** The client of everybody's tokens. */
  readonly app: RegisteredClient;
  someone(): Promise<Someone>;
  /** A call to /account/v1; `body` goes as JSON. */
  call(token: unknown, method: string, path: string, body?: unknown): Promise<Answered>;
  items(token: unknown, path: string): Promise<Record<string, unknown>[]>;
  isActive(token: unknown): Promise<boolean>;
  /** The newest order, as administrators see it. */
  newestOrder(): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function accountWorld(): Promise<AccountWorld> {
  const server = await startTestServer();
  const people = await peopleOf(server);
  const app = await people.client({
    name: "Photos",
    scope: "openid profile email read write offline_access rescind:account",
  });
  let made = 0;
  const world: AccountWorld = {
    server,
    people,
    app,
    async someone() {
      const username = `someone-${++made}`;
      const facts = { username, password, name: "Some One" };
      const { json } = await server.admin("POST", "/admin/v1/users", facts);
      const session = await people.signIn((await people.store.findUser(String(json.sub))).user);
      const tokens = await people.tokens(app, session, { scopes: ["openid", "rescind:account"] });
      return { ...session, username, tokens, token: String(tokens.access_token) };
    },
    call: (token, method, path, body) =>
      server.request(`/account/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async items(token, path) {
      const answer = await world.call(token, "GET", path);
      assert.equal(answer.status, 200, answer.text);
      return answer.json.items as Record<string, unknown>[]; // the contract's list
    },
    async isActive(token) {
      return (await server.introspect(String(token))).active === true;
    },
    async newestOrder() {
      const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
      const [newest = {}] = json.items as Record<string, unknown>[]; // the contract's list
      return newest;
    },
    async close() {
      await people.close();
      await server.close();
    },
  };
  return world;
}

/** What a JWT access token says of itself. */
export function ids(tokens: Record<string, unknown>): { grant_id: string; jti: string; sid: string } {
  const [, payload = ""] = String(tokens.access_token).split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}
