// Revoke at one node, use at another at once: every unit, every kind of token, every place where one is used. Each way
// shows every few times that the thing works before, so that a refusal afterwards is the order's doing.

import assert from "node:assert/strict";
import { exchange, exchanger } from "../exchanges.ts";
import { type Answered, type AskedServer, basic, type RegisteredClient } from "../running-server.ts";

/** Where it is revoked, and where it is used the moment that was answered. */
export interface Pair {
  readonly a: AskedServer;
  readonly b: AskedServer;
  /** Shows first that it works at `b`. */
  readonly isShown: boolean;
}

/** One way; resolves after what was revoked at `a` was used at `b`, with what that use was answered. */
export type Way = (pair: Pair) => Promise<Answered>;

export interface Clients {
  readonly opaque: RegisteredClient;
  readonly jwt: RegisteredClient;
  readonly exchanging: RegisteredClient;
}

export async function registerClients(server: AskedServer): Promise<Clients> {
  const scope = "openid read offline_access";
  return {
    opaque: await server.registerClient({ access_token_format: "opaque", scope }),
    jwt: await server.registerClient({ access_token_format: "jwt", scope }),
    exchanging: await exchanger(server, { scope: "read" }),
  };
}

let people = 0;

/** A person whom nothing else was ordered about. */
function somebody(): string {
  people += 1;
  return `usr_${process.pid}_${people}`;
}

const isInactive = ({ json }: Answered): boolean => json.active === false;

function introspected(at: AskedServer, token: string): Promise<Answered> {
  return at.form("/oauth2/introspect", { token }, { client_id: "admin", client_secret: at.adminSecret });
}

async function wasActive(at: AskedServer, token: string): Promise<void> {
  const { json, text } = await introspected(at, token);
  assert.equal(json.active, true, `before: ${text}`);
}

async function revoked(at: AskedServer, token: string, client: RegisteredClient): Promise<void> {
  const { status, text } = await at.form("/oauth2/revoke", { token }, client);
  assert.equal(status, 200, text);
}

async function ordered(at: AskedServer, select: object): Promise<void> {
  const { status, text } = await at.admin("POST", "/admin/v1/revocations", { select });
  assert.equal(status, 201, text);
}

/** By name, each with what a refusal looks like. */
export function ways(
  clients: Clients,
): Record<string, { readonly way: Way; readonly isRefused: (answer: Answered) => boolean }> {
  const { opaque, jwt, exchanging } = clients;
  const byGrant =
    (client: RegisteredClient, order: (a: AskedServer, grant: Record<string, string>) => Promise<void>) =>
    async ({ a, b, isShown }: Pair): Promise<Answered> => {
      const subject = somebody();
      const grant = await b.openGrant(client, subject);
      const token = String(grant.access_token);
      if (isShown) await wasActive(b, token);
      await order(a, { ...grant, subject });
      return introspected(b, token);
    };
  const ownToken =
    (client: RegisteredClient) =>
    async ({ a, b, isShown }: Pair): Promise<Answered> => {
      const token = await a.clientToken(client);
      if (isShown) await wasActive(b, token);
      await revoked(a, token, client);
      return introspected(b, token);
    };
  const refreshed = (at: AskedServer, refresh_token = "") =>
    at.form("/oauth2/token", { grant_type: "refresh_token", refresh_token }, jwt);
  const isRefusedGrant = ({ status, json }: Answered): boolean =>
    status === 400 && json.error === "invalid_grant";
  const isUnauthorized = ({ status }: Answered): boolean => status === 401;
  return {
    "an opaque token, introspected": { way: ownToken(opaque), isRefused: isInactive },
    "a JWT, introspected": { way: ownToken(jwt), isRefused: isInactive },
    "a grant by its refresh token, its opaque access token introspected": {
      way: byGrant(opaque, (a, { refresh_token = "" }) => revoked(a, refresh_token, opaque)),
      isRefused: isInactive,
    },
    "a grant by its id, its JWT introspected": {
      way: byGrant(jwt, (a, { grant_id }) => ordered(a, { grant_id })),
      isRefused: isInactive,
    },
    "a subject, the opaque token introspected": {
      way: byGrant(opaque, (a, { subject }) => ordered(a, { subject })),
      isRefused: isInactive,
    },
    "a subject, the JWT introspected": {
      way: byGrant(jwt, (a, { subject }) => ordered(a, { subject })),
      isRefused: isInactive,
    },
    "a subject at a client, the JWT introspected": {
      way: byGrant(jwt, (a, { subject }) => ordered(a, { subject, client_id: jwt.client_id })),
      isRefused: isInactive,
    },
    "a grant, refreshed": {
      async way({ a, b }) {
        const first = await a.openGrant(jwt, somebody());
        const { json, text } = await refreshed(b, first.refresh_token);
        assert.equal(typeof json.refresh_token, "string", text);
        await revoked(a, String(json.refresh_token), jwt);
        return refreshed(b, String(json.refresh_token));
      },
      isRefused: isRefusedGrant,
    },
    "a subject, userinfo": {
      async way({ a, b, isShown }) {
        const subject = somebody();
        const { json } = await a.admin("POST", "/admin/v1/users", { sub: subject, username: subject });
        assert.equal(json.sub, subject);
        const { access_token } = await b.openGrant(jwt, subject, { scope: "openid" });
        const asked = () =>
          b.request("/oauth2/userinfo", { headers: { authorization: `Bearer ${access_token}` } });
        if (isShown) assert.equal((await asked()).status, 200);
        await ordered(a, { subject });
        return asked();
      },
      isRefused: isUnauthorized,
    },
    "a token, exchanged": {
      async way({ a, b, isShown }) {
        const { access_token = "" } = await b.openGrant(exchanging, somebody(), { scope: "read" });
        if (isShown) assert.equal((await exchange(b, exchanging, access_token)).status, 200);
        await revoked(a, access_token, exchanging);
        return exchange(b, exchanging, access_token);
      },
      isRefused: ({ status }) => status === 400,
    },
    "a parent, its exchanged token introspected": {
      async way({ a, b, isShown }) {
        const { access_token = "", grant_id } = await b.openGrant(exchanging, somebody(), { scope: "read" });
        const { json, text } = await exchange(b, exchanging, access_token);
        assert.equal(typeof json.access_token, "string", text);
        if (isShown) await wasActive(b, String(json.access_token));
        await ordered(a, { grant_id });
        return introspected(b, String(json.access_token));
      },
      isRefused: isInactive,
    },
    "a token of the administration, an admin call": {
      async way({ a, b, isShown }) {
        const admin = { client_id: "admin", client_secret: a.adminSecret, keys: [] };
        const token = await b.clientToken(admin);
        const asked = () =>
          b.request("/admin/v1/settings", { headers: { authorization: `Bearer ${token}` } });
        if (isShown) assert.equal((await asked()).status, 200);
        await revoked(a, token, admin);
        return asked();
      },
      isRefused: isUnauthorized,
    },
    "a client suspended, its secret": {
      async way({ a, b, isShown }) {
        const client = await a.registerClient();
        const asked = () => b.form("/oauth2/token", { grant_type: "client_credentials" }, client);
        if (isShown) assert.equal((await asked()).status, 200);
        assert.equal((await a.admin("POST", `/admin/v1/clients/${client.client_id}/revoke`, {})).status, 200);
        const refusal = await asked();
        assert.equal(
          (await a.admin("POST", `/admin/v1/clients/${client.client_id}/approve`, {})).status,
          200,
        );
        assert.equal((await asked()).status, 200, "approved at one node, in service at the other at once");
        return refusal;
      },
      isRefused: isUnauthorized,
    },
    "a consumer key suspended, its token introspected": {
      async way({ a, b, isShown }) {
        const client = await b.registerClient();
        const token = await b.clientToken(client);
        if (isShown) await wasActive(b, token);
        const [key] = client.keys;
        assert.equal((await a.admin("POST", `/admin/v1/keys/${key?.key_id}/revoke`, {})).status, 200);
        return introspected(b, token);
      },
      isRefused: isInactive,
    },
    "a grant, asked by a resource server": {
      async way({ a, b, isShown }) {
        const { access_token = "", grant_id } = await a.openGrant(opaque, somebody());
        const asked = () =>
          b.request("/oauth2/introspect", {
            method: "POST",
            headers: { authorization: basic(opaque.client_id, opaque.client_secret) },
            body: new URLSearchParams({ token: access_token }),
          });
        if (isShown) assert.equal((await asked()).json.active, true);
        await ordered(a, { grant_id });
        return asked();
      },
      isRefused: isInactive,
    },
  };
}

const rare = [
  "a subject, userinfo",
  "a client suspended, its secret",
  "a consumer key suspended, its token introspected",
];

export interface Tally {
  /** Uses after an answered order, by way. */
  readonly uses: Map<string, number>;
  /** What was accepted all the same. */
  readonly accepted: string[];
}

/** Goes all ways in turn, so many times in all, side by side, each time with another pair of nodes. */
export async function revokeElsewhere(
  nodes: readonly AskedServer[],
  times: number,
  sideBySide: number,
): Promise<Tally> {
  const [first] = nodes;
  if (first === undefined) throw new Error("no nodes");
  const all = Object.entries(ways(await registerClients(first)));
  const plain = all.filter(([name]) => !rare.includes(name));
  const tally: Tally = { uses: new Map(), accepted: [] };
  let next = 0;
  const work = async (): Promise<void> => {
    for (let turn = next++; turn < times; turn = next++) {
      // Those that make a client or a person each time go along in every fifth round.
      const round = Math.floor(turn / all.length);
      const some = round % 5 === 0 ? all : plain;
      const [name, one] = some[turn % some.length] ?? [];
      const [a, b] = [nodes[turn % nodes.length], nodes[(turn + 1) % nodes.length]];
      if (name === undefined || one === undefined || a === undefined || b === undefined)
        throw new Error("nothing to do");
      const answer = await one.way({ a, b, isShown: round % 5 === 0 });
      tally.uses.set(name, (tally.uses.get(name) ?? 0) + 1);
      if (!one.isRefused(answer))
        tally.accepted.push(`${name}, turn ${turn}: ${answer.status} ${answer.text}`);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  return tally;
}
