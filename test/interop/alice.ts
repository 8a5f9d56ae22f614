// What every relying party's test begins with: a server, a person with a password, and a client for the code flow.

import { createServer, type RequestListener } from "node:http";
import { type Credentials, createPerson, type Person } from "../person.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";

export interface Alice extends Credentials {
  readonly sub: string;
}

export interface Party {
  readonly server: TestServer;
  readonly alice: Alice;
  /** Alice at a new browser, which also reaches these origins. */
  browser(...origins: readonly string[]): Person;
  /** A confidential client for the code flow, unless `more` says otherwise. */
  client(redirectUri: string, more?: Record<string, unknown>): Promise<RegisteredClient>;
}

export const everything = "openid profile email offline_access";

/** Starts a server that knows Alice; `flags` as on the command line. */
export async function startWithAlice(flags: readonly string[] = []): Promise<Party> {
  const server = await startTestServer(flags);
  const password = "correct horse battery staple";
  const { status, json, text } = await server.admin("POST", "/admin/v1/users", {
    username: "alice",
    password,
    name: "Alice Liddell",
    email: "alice@example.com",
    email_verified: true,
    groups: ["croquet"],
  });
  if (status !== 201) throw new Error(`no user: ${status} ${text}`);
  return {
    server,
    alice: { sub: String(json.sub), username: "alice", password },
    browser: (...origins) => createPerson(new URL(server.issuer).origin, ...origins),
    client: (redirectUri, more = {}) =>
      server.registerClient({
        name: "Wonderland",
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [redirectUri],
        scope: everything,
        ...more,
      }),
  };
}

export interface Listening {
  readonly origin: string;
  close(): Promise<void>;
}

/** A small server of the relying party's on a free port of the loopback address. */
export async function listening(handle: RequestListener): Promise<Listening> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
