// Steps that make tokens: each says what the server must answer, and takes what it gives into the world.

import assert from "node:assert/strict";
import { pkce } from "../people.ts";
import type { Answered } from "../running-server.ts";
import { depth, earliest, isCovered, isLive, type Token } from "./model.ts";
import type { Step } from "./steps.ts";
import {
  blank,
  type Client,
  type Code,
  grantUnit,
  hold,
  isSuspended,
  logIn,
  noteOrder,
  type Rotation,
  resources,
  sendForm,
  seqOf,
  type World,
} from "./world.ts";

type Doing<Name extends Step["do"]> = Extract<Step, { readonly do: Name }>;
type Key = Client["keys"][number] | undefined;

/** The longest line of exchanges (CONTRACT.md section 6). */
const mostExchanges = 8;
const graceMs = 10_000;
/** Of the 60 seconds that a code lives. */
const longestCodeMs = 40_000;

export function at<Item>(items: readonly Item[], place: number): Item | undefined {
  return items[place % Math.max(1, items.length)];
}

/** One of these; three times of four one that is live, where there is any. */
export function tokenAt(world: World, tokens: readonly Token[], place: number): Token | undefined {
  const alive = tokens.filter((token) => isLive(token, world.orders));
  return at(place % 4 === 0 || alive.length === 0 ? tokens : alive, place >> 2);
}

/** The same; one time of two one that others came from, where there is any: what ends a parent must end its line. */
export function parentAt(world: World, place: number): Token | undefined {
  const parents = [...new Set(world.tokens.flatMap((token) => token.parents))];
  return tokenAt(world, place % 2 === 0 || parents.length === 0 ? world.tokens : parents, place >> 1);
}

export function clientAt(world: World, place: number): Client {
  const client = at(world.clients, place);
  assert.ok(client !== undefined);
  return client;
}

export function ownerOf(world: World, token: Token): Client | undefined {
  return world.clients.find(({ registered }) => registered.client_id === token.client);
}

function refused({ status, json, text }: Answered, expected: number, error: string): void {
  assert.deepEqual([status, json.error], [expected, error], text);
}

export async function ownToken(
  world: World,
  { client: place, key: which }: Doing<"own token">,
): Promise<void> {
  const client = clientAt(world, place);
  const key = at(client.keys, which);
  if (key === undefined) return;
  const answer = await sendForm(
    world,
    "/oauth2/token",
    { grant_type: "client_credentials" },
    { client, key },
  );
  if (isSuspended(world, client, key.id)) return refused(answer, 401, "invalid_client");
  const { client_id } = client.registered;
  await hold(world, answer.json.access_token, {
    kind: "access",
    client: client_id,
    subject: client_id,
    key: key.id,
  });
}

export async function openGrant(
  world: World,
  { client: place, subject: who }: Doing<"grant">,
): Promise<void> {
  const client = clientAt(world, place);
  const subject = at(world.subjects, who)?.subject;
  const { client_id } = client.registered;
  const body = { client_id, subject, scope: "read" };
  const { status, json, text } = await world.server.admin("POST", "/admin/v1/grants", body);
  assert.equal(status, isSuspended(world, client) ? 409 : 201, text);
  if (status !== 201) return;
  const facts = { client: client_id, subject, grant: String(json.grant_id) };
  await hold(world, json.access_token, { ...facts, kind: "access" });
  await hold(world, json.refresh_token, { ...facts, kind: "refresh" });
}

export async function signIn(world: World, { subject: who }: Doing<"sign in">): Promise<void> {
  const subject = at(world.subjects, who);
  if (subject?.login !== undefined) subject.login = await logIn(world, subject.subject);
}

export async function makeCode(world: World, step: Doing<"code">): Promise<void> {
  const { subject, login } = at(world.subjects, step.subject) ?? {};
  if (login === undefined) return;
  const client = clientAt(world, step.client);
  const scopes = ["openid", "read", ...(step.offline ? ["offline_access"] : [])];
  const issuedAt = Math.floor(Date.now() / 1000);
  const audience = client.resources.slice(0, 1);
  const made = { scopes, audience, issuedAt };
  const text = await world.people.code(client.registered, login.signedIn, made);
  const judged: Token = {
    ...blank,
    name: `c${world.codes.length}`,
    client: client.registered.client_id,
    subject,
    session: login.signedIn.sessionId,
    offline: step.offline,
    rev: world.head,
    authorisedAt: issuedAt,
  };
  world.codes.push({ text, client, judged, login, madeAtMs: issuedAt * 1000, grant: undefined });
}

export async function redeem(world: World, step: Doing<"redeem">): Promise<void> {
  const fresh = world.codes.filter(({ grant }) => grant === undefined);
  const code = at(step.code % 4 === 0 || fresh.length === 0 ? world.codes : fresh, step.code >> 2);
  // One that nobody has used expires; the test may be slow.
  if (code === undefined || (code.grant === undefined && Date.now() > code.madeAtMs + longestCodeMs)) return;
  const { client, judged, login } = code;
  const key = at(client.keys, step.key);
  const form = {
    grant_type: "authorization_code",
    code: code.text,
    redirect_uri: "https://app.example/callback",
    code_verifier: pkce.verifier,
  };
  const answer = await sendForm(world, "/oauth2/token", form, { client, key });
  if (isSuspended(world, client, key?.id)) return refused(answer, 401, "invalid_client");
  if (code.grant !== undefined) return endsGrant(world, answer, code.grant);
  if ([judged, login.judged].some((one) => isCovered(one, world.orders)))
    return refused(answer, 400, "invalid_grant");
  assert.equal(answer.status, 200, answer.text);
  await takeRedeemed(world, code, answer, key);
}

async function takeRedeemed(world: World, code: Code, { json }: Answered, key: Key): Promise<void> {
  const { client, subject, session, offline } = code.judged;
  const told = await world.server.introspect(String(json.access_token));
  code.grant = String(told.grant_id);
  assert.ok(!world.tokens.some(({ grant }) => grant === code.grant), "each code opens a grant of its own");
  const facts = { client, subject, session, offline, grant: code.grant, key: key?.id };
  await hold(world, json.access_token, { ...facts, kind: "access" });
  await hold(world, json.refresh_token, { ...facts, kind: "refresh" });
}

/** A spent code or refresh token came again: the grant ends for good, whatever stands already. */
function endsGrant(world: World, answer: Answered, grant: string): void {
  refused(answer, 400, "invalid_grant");
  const unit = grantUnit(grant);
  const appended = answer.headers.has("rescind-seq");
  noteOrder(world, { seq: appended ? seqOf(answer) : 0, unit, final: true });
}

export async function refresh(world: World, step: Doing<"refresh">): Promise<void> {
  const held = world.tokens.filter(({ kind }) => kind === "refresh");
  const spent = held.filter((token) => token.spent);
  const token =
    step.token % 3 === 0 && spent.length > 0 ? at(spent, step.token) : tokenAt(world, held, step.token);
  if (token === undefined) return;
  const owner = ownerOf(world, token);
  const client = step.by === undefined ? owner : clientAt(world, step.by);
  if (client === undefined) return;
  const key = at(client.keys, step.key);
  const rotation = world.rotations.get(token);
  if (rotation !== undefined && mayGoEitherWay(rotation)) return;
  const fromMs = Date.now();
  const form = { grant_type: "refresh_token", refresh_token: token.text };
  const answer = await sendForm(world, "/oauth2/token", form, { client, key });
  if (isSuspended(world, client, key?.id)) return refused(answer, 401, "invalid_client");
  if (client !== owner) return refused(answer, 400, "invalid_grant");
  if (rotation !== undefined) return again(world, { token, rotation, answer, key });
  if (!isLive(token, world.orders)) return refused(answer, 400, "invalid_grant");
  assert.equal(answer.status, 200, answer.text);
  if (client.rotates) token.spent = true;
  const { refresh: successor } = await takeRefreshed(world, token, answer, key);
  if (!client.rotates) return assert.equal(answer.json.refresh_token, token.text);
  assert.ok(successor !== undefined);
  world.rotations.set(token, { successor, fromMs, untilMs: Date.now(), aged: false });
}

/** Whether the window may end while this is asked: nothing can be said then. */
function mayGoEitherWay({ successor, fromMs, aged }: Rotation): boolean {
  return !aged && !successor.spent && Date.now() > fromMs + graceMs - 5_000;
}

interface Again {
  readonly token: Token;
  readonly rotation: Rotation;
  readonly answer: Answered;
  readonly key: Key;
}

/** A spent refresh token: within the window and before its successor's use the same successor, else the end. */
async function again(world: World, { token, rotation, answer, key }: Again): Promise<void> {
  if (rotation.aged || rotation.successor.spent) return endsGrant(world, answer, token.grant ?? "");
  if (isCovered(token, world.orders)) return refused(answer, 400, "invalid_grant");
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.refresh_token, rotation.successor.text);
  await takeRefreshed(world, token, answer, key);
}

async function takeRefreshed(
  world: World,
  token: Token,
  { json }: Answered,
  key: Key,
): Promise<{ refresh: Token | undefined }> {
  const { client, subject, session, offline, grant, authorisedAt } = token;
  const facts = { client, subject, session, offline, grant, authorisedAt, key: key?.id };
  await hold(world, json.access_token, { ...facts, kind: "access" });
  if (world.tokens.some(({ text }) => text === json.refresh_token)) return { refresh: undefined };
  return { refresh: await hold(world, json.refresh_token, { ...facts, kind: "refresh" }) };
}

/** A token of another issuer, which came into being a while ago. */
export async function foreignToken(world: World, step: Doing<"foreign token">): Promise<void> {
  const { issuer } = world.foreign;
  const subject = `theirs_${step.subject % 2}`;
  const id = step.jti ? `jti_${world.tokens.length}` : undefined;
  const iat = step.age === undefined ? undefined : Math.floor(Date.now() / 1000) - step.age;
  const text = await world.foreign.sign({ sub: subject, jti: id, iat, aud: resources[0] });
  const name = `t${world.tokens.length}`;
  const facts = { kind: "access" as const, foreign: issuer, subject, id, authorisedAt: iat };
  world.tokens.push({ ...blank, ...facts, text, name });
}

/** A foreign token must be for something that the client may ask for. */
function isMeantFor(client: Client, { foreign }: Token): boolean {
  return foreign === undefined || client.resources.includes(resources[0]);
}

export async function exchange(world: World, step: Doing<"exchange">): Promise<void> {
  const client = at(
    world.clients.filter(({ isPublic }) => !isPublic),
    step.client,
  );
  const key = at(client?.keys ?? [], step.key);
  const usable = world.tokens.filter(({ kind }) => kind === "access");
  const subject = tokenAt(world, usable, step.token);
  const actor = step.actor === undefined ? undefined : tokenAt(world, usable, step.actor);
  if (client === undefined || key === undefined || subject === undefined) return;
  const type = "urn:ietf:params:oauth:token-type:access_token";
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: subject.text,
    subject_token_type: type,
    resource: at(client.resources, step.resource) ?? "",
    ...(actor === undefined ? {} : { actor_token: actor.text, actor_token_type: type }),
  };
  const answer = await sendForm(world, "/oauth2/token", form, { client, key });
  if (isSuspended(world, client, key.id)) return refused(answer, 401, "invalid_client");
  const parents = actor === undefined || actor === subject ? [subject] : [subject, actor];
  const mayNot = parents.some(
    (parent) =>
      !isLive(parent, world.orders) || depth(parent) >= mostExchanges || !isMeantFor(client, parent),
  );
  if (mayNot) return refused(answer, 400, "invalid_request");
  assert.equal(answer.status, 200, answer.text);
  await hold(world, answer.json.access_token, {
    kind: "access",
    client: client.registered.client_id,
    subject: subject.subject,
    key: key.id,
    parents,
    authorisedAt: earliest(parents),
  });
}
