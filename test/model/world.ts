// A real server beside the model: what each request is expected to answer, and what it leaves in the model.

import assert from "node:assert/strict";
import { decodeProtectedHeader } from "jose";
import { IdentityProvider } from "../identity-provider.ts";
import type { People, SignedIn } from "../people.ts";
import type { Answered, RegisteredClient, TestServer } from "../running-server.ts";
import { introspectAll } from "./introspection.ts";
import { isLive, type Order, type Token, type Unit } from "./model.ts";

export type Reach = "token" | "grant" | "subject_client";

export interface Client {
  readonly name: string;
  readonly registered: RegisteredClient;
  readonly isPublic: boolean;
  readonly rotates: boolean;
  readonly policy: { readonly access: Reach; readonly refresh: Reach };
  readonly resources: readonly string[];
  /** Its consumer keys; none if it is public. */
  readonly keys: { readonly id: string; readonly secret: string }[];
}

export interface Subject {
  readonly subject: string;
  /** A person's; none for a subject that only the administrator knows. */
  login: Login | undefined;
}

/** A login session: like a token that is of its subject and itself only. */
export interface Login {
  readonly signedIn: SignedIn;
  readonly judged: Token;
}

export interface Code {
  readonly text: string;
  readonly client: Client;
  /** The code as the rule judges it. */
  readonly judged: Token;
  /** It is as live as itself and the login it hangs on. */
  readonly login: Login;
  /** Milliseconds since 1970. */
  readonly madeAtMs: number;
  /** The grant that it opened. */
  grant: string | undefined;
}

export interface Rotation {
  readonly successor: Token;
  /** Milliseconds: no later than the server's own time of it. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Two minutes have passed. */
  aged: boolean;
}

export type Around = Pick<World, "server" | "people">;

/** What an administrator named. */
export interface Selected {
  readonly select: Record<string, unknown>;
  readonly unit: Unit;
  readonly wide: boolean;
  /** The token whose unit it is. */
  readonly token: Token;
}

export interface World {
  readonly server: TestServer;
  readonly people: People;
  /** Another provider whose JWTs are registered. */
  readonly foreign: IdentityProvider;
  readonly clients: Client[];
  readonly subjects: Subject[];
  readonly tokens: Token[];
  readonly codes: Code[];
  readonly orders: Order[];
  readonly selected: Selected[];
  readonly rotations: Map<Token, Rotation>;
  /** The newest entry's number. */
  head: number;
}

/** The first is what the foreign issuer's tokens are for. */
export const resources = ["https://orders.example", "https://stock.example"] as const;
const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const grantTypes = ["client_credentials", "refresh_token", "authorization_code", tokenExchange];
const confidential = { grant_types: grantTypes, redirect_uris: ["https://app.example/callback"] };
const scope = "openid read write offline_access";

/** Clients of every kind and subjects of both, each subject with a grant at each client. */
export async function newWorld({ server, people }: Around, name: string): Promise<World> {
  const world: World = {
    server,
    people,
    foreign: await IdentityProvider.start(),
    clients: [],
    subjects: [],
    tokens: [],
    codes: [],
    orders: [],
    selected: [],
    rotations: new Map(),
    head: await headOf(server),
  };
  await world.foreign.registerAt(server);
  const kinds: Record<string, Record<string, unknown>> = {
    plain: { audience: resources, refresh_token_rotation: false },
    opaque: {
      access_token_format: "opaque",
      revocation_policy: { access_token: "grant", refresh_token: "grant" },
    },
    wide: {
      audience: [resources[1]],
      revocation_policy: { access_token: "subject_client", refresh_token: "subject_client" },
    },
    public: {
      token_endpoint_auth_method: "none",
      grant_types: ["refresh_token", "authorization_code"],
      audience: [resources[0]],
      revocation_policy: { refresh_token: "subject_client" },
    },
  };
  for (const [kind, registration] of Object.entries(kinds))
    world.clients.push(await addClient(server, kind, { ...confidential, scope, ...registration }));
  for (let i = 0; i < 2; i++) {
    const { subject } = await people.addUser();
    world.subjects.push({ subject, login: await logIn(world, subject) });
  }
  world.subjects.push({ subject: `unknown_${name}`, login: undefined });
  return world;
}

export async function logIn(world: World, subject: string): Promise<Login> {
  const { user } = await world.people.store.findUser(subject);
  assert.ok(user !== undefined);
  const authenticatedAtMs = Date.now();
  const signedIn = await world.people.signIn(user, { authenticatedAtMs });
  const { sessionId: session } = signedIn;
  const authorisedAt = Math.floor(authenticatedAtMs / 1000);
  return { signedIn, judged: { ...blank, name: "login", subject, session, rev: world.head, authorisedAt } };
}

/** Something to judge that belongs to nothing yet. */
export const blank: Token = {
  text: "",
  name: "",
  kind: "access",
  foreign: undefined,
  id: undefined,
  client: undefined,
  subject: undefined,
  grant: undefined,
  session: undefined,
  offline: false,
  key: undefined,
  kid: undefined,
  rev: 0,
  authorisedAt: undefined,
  parents: [],
  spent: false,
};

async function addClient(
  server: TestServer,
  name: string,
  registration: Record<string, unknown>,
): Promise<Client> {
  const registered = await server.registerClient({ name, ...registration });
  const policy = (registered as unknown as { revocation_policy: Record<string, Reach> }).revocation_policy; // the contract's ClientAnswer
  const isPublic = registration.token_endpoint_auth_method === "none";
  const keys = registered.keys.map(({ key_id }) => ({ id: key_id, secret: registered.client_secret }));
  if (!isPublic) {
    const { json } = await server.admin("POST", `/admin/v1/clients/${registered.client_id}/keys`);
    keys.push({ id: String(json.key_id), secret: String(json.client_secret) });
  }
  return {
    name,
    registered,
    isPublic,
    rotates: registration.refresh_token_rotation !== false,
    policy: { access: policy.access_token ?? "token", refresh: policy.refresh_token ?? "grant" },
    resources: (registration.audience as string[] | undefined) ?? [server.issuer], // given above
    keys: isPublic ? [] : keys,
  };
}

/** The head as a new token of the administrator's sees it. */
export async function headOf(server: TestServer): Promise<number> {
  const admin = { client_id: "admin", client_secret: server.adminSecret };
  const token = await server.clientToken({ ...admin, keys: [] });
  return Number((await server.introspect(token)).head);
}

export function isSuspended(world: World, client: Client, key?: string): boolean {
  return world.orders.some(
    ({ lifted, suspend, unit }) =>
      !lifted &&
      suspend === true &&
      ((unit.is === "client" && unit.client === client.registered.client_id) ||
        (unit.is === "key" && unit.key === key)),
  );
}

/** A form as this client sends it, with this of its keys. */
export function sendForm(
  world: World,
  path: string,
  form: Record<string, string>,
  by: { client: Client; key: Client["keys"][number] | undefined },
): Promise<Answered> {
  const { client_id } = by.client.registered;
  if (by.key === undefined) return world.server.form(path, { ...form, client_id });
  return world.server.form(path, form, { client_id, client_secret: by.key.secret });
}

export type Facts = Pick<Token, "kind" | "client" | "subject"> &
  Partial<Pick<Token, "grant" | "session" | "offline" | "key" | "parents" | "authorisedAt">>;

/** Takes a token that was just issued into the world: live, and belonging to exactly what it should. */
export async function hold(world: World, text: unknown, facts: Facts): Promise<Token> {
  const told = await world.server.introspect(String(text));
  assert.equal(told.active, true, `what was just issued is live: ${JSON.stringify(facts)}`);
  const isJwt = String(text).split(".").length === 3;
  const token: Token = {
    ...blank,
    authorisedAt: Number(told.grant_iat ?? told.iat),
    ...facts,
    text: String(text),
    name: `t${world.tokens.length}`,
    id: String(told.jti),
    kid: isJwt ? decodeProtectedHeader(String(text)).kid : undefined,
    rev: world.head,
  };
  const { sub, client_id, grant_id, sid, key_id, kid, rev, offline = false } = told;
  assert.deepEqual(
    { sub, client_id, grant_id, sid, key_id, kid, rev, offline, at: Number(told.grant_iat ?? told.iat) },
    {
      sub: token.subject,
      client_id: token.client,
      grant_id: token.grant,
      sid: token.session,
      key_id: token.key,
      kid: token.kid,
      rev: token.rev,
      offline: token.offline,
      at: token.authorisedAt,
    },
  );
  world.tokens.push(token);
  return token;
}

/** Notes an order that was answered with this number; one that appended nothing must have an equal that stands. */
export function noteOrder(world: World, order: Omit<Order, "lifted">): void {
  if (order.seq > world.head) {
    world.orders.push({ ...order, lifted: false });
    world.head = order.seq;
    return;
  }
  const stands = world.orders.some(
    ({ unit, final, lifted, suspend }) =>
      !lifted &&
      suspend === order.suspend &&
      (final || !order.final) &&
      JSON.stringify(unit) === JSON.stringify(order.unit),
  );
  assert.ok(stands, `nothing was appended for ${JSON.stringify(order)}, and no equal order stands`);
}

export function seqOf({ headers }: Answered): number {
  const seq = headers.get("rescind-seq");
  assert.match(seq ?? "", /^\d+$/);
  return Number(seq);
}

/** Every token is live by introspection exactly where the model says so, and the head is the model's. */
export async function check(world: World): Promise<void> {
  const told = await introspectAll(
    world.server,
    world.tokens.map(({ text }) => text),
  );
  for (const [index, token] of world.tokens.entries()) {
    const { active, head } = told[index] ?? {};
    const { text: _text, parents, ...facts } = token;
    const from = parents.length === 0 ? "" : `, from ${parents.map(({ name }) => name)}`;
    assert.equal(active, isLive(token, world.orders), `${JSON.stringify(facts)}${from}`);
    if (active === true) assert.equal(head, world.head, "the server has appended what nobody ordered");
  }
}

export function grantUnit(grant: string): Unit {
  return { is: "grant", grant };
}
