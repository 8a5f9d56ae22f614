// What brings tokens: client credentials, grants of the administrator, sign-ins, codes, refreshes, exchanges.

import { authorizationParameters } from "../authorization.ts";
import { pkce, redirectUri } from "../people.ts";
import { createPerson } from "../person.ts";
import type { Thing } from "./record.ts";
import type { Answer, Unanswered } from "./requests.ts";
import { type Asking, credentialName, type Held, type Traffic } from "./traffic.ts";
import { type Client, exchangeGrant, type Key, password } from "./world.ts";

const sessionCookie = "127.0.0.1 rescind_session";
/** Exchanges between a token and the first of its line; the server's own limits lie above. */
const mostExchanges = 3;

export function anyClient({ world, random }: Traffic): Client {
  return random.pick(world.clients);
}

/** Only a JWT says which grant a code opened. */
function anyWithJwts({ world, random }: Traffic): Client {
  return random.pick(world.clients.filter(({ isOpaque }) => !isOpaque));
}

export function anyKey({ random }: Traffic, client: Client): Key {
  return random.pick(client.keys);
}

function noteIssued(
  traffic: Traffic,
  asking: Asking,
  answer: Answer,
  of: { readonly by: string; readonly evidence: readonly string[]; readonly made: readonly Held[] },
): void {
  const args = { ...of, made: of.made.map(({ thing }) => thing) };
  traffic.note({ ...traffic.fields(asking, answer, "ok"), op: "issue", args });
}

export async function ownToken(traffic: Traffic, asking: Asking): Promise<void> {
  const client = anyClient(traffic);
  const key = anyKey(traffic, client);
  const by = { client, key };
  const answer = await traffic.asClient(asking, "/oauth2/token", { grant_type: "client_credentials" }, by);
  if (answer.status !== 200) return;
  const evidence = [credentialName(client, key)];
  const facts = { client: client.id, subject: client.id, key: key.id, evidence };
  noteIssued(traffic, asking, answer, {
    by: "client credentials",
    evidence,
    made: traffic.holdAnswer(answer, client, facts),
  });
}

export async function openGrant(traffic: Traffic, asking: Asking): Promise<void> {
  const client = anyClient(traffic);
  const subject = traffic.random.pick(traffic.world.subjects);
  const body = { client_id: client.id, subject, scope: "read offline_access" };
  const asked = await traffic.asBearer(asking, "admin", { method: "POST", path: "/admin/v1/grants", body });
  if (asked?.answer.status !== 201) return;
  const { answer, by } = asked;
  const evidence = [by];
  const facts = { client: client.id, subject, grant: String(answer.json.grant_id), evidence };
  noteIssued(traffic, asking, answer, {
    by: "administrator",
    evidence,
    made: traffic.holdAnswer(answer, client, facts),
  });
}

/** A person signs in in a browser of their own, on the way to a client. */
export async function signIn(traffic: Traffic, asking: Asking): Promise<void> {
  const person = traffic.random.pick(traffic.world.people);
  const client = anyWithJwts(traffic);
  const browser = createPerson(new URL(asking.node.url).origin);
  const inv = performance.now();
  const url = `${asking.node.url}/oauth2/authorize?${authorizationParameters({ client_id: client.id }, { scope: "openid read" })}`;
  const page = await browser.signIn(url, { username: person.username, password }).catch(() => undefined);
  const ret = performance.now();
  const cookie = browser.cookies.get(sessionCookie);
  const code = page?.sent.get("code");
  if (cookie === undefined || code === null || code === undefined) return;
  const session = traffic.hold(cookie, "session", client, { subject: person.subject });
  const bound = ofSession(person.subject, session, client, false);
  const made = [session, traffic.hold(code, "code", client, bound)];
  const args = { by: "sign-in", evidence: [], made: made.map(({ thing }) => withSession(thing)) };
  traffic.note({
    proc: asking.proc,
    node: asking.node.name,
    op: "issue",
    args,
    t_inv: inv,
    t_ret: ret,
    result: "ok",
  });
}

/** A session's id is its unit. */
function withSession(thing: Thing): Thing {
  return thing.kind === "session" ? { ...thing, session: thing.id } : thing;
}

function ofSession(subject: string, session: Held, client: Client, offline: boolean): Partial<Thing> {
  const evidence = [session.thing.name];
  return { client: client.id, subject, session: session.thing.id, offline, evidence };
}

/** A browser in which somebody is signed in comes for another code. */
export async function authorize(traffic: Traffic, asking: Asking): Promise<void> {
  const session = traffic.pick("session");
  if (session === undefined) return signIn(traffic, asking);
  const client = anyWithJwts(traffic);
  const offline = traffic.random.below(2) === 0;
  const scope = offline ? "openid read offline_access" : "openid read";
  const parameters = authorizationParameters({ client_id: client.id }, { scope });
  const headers = {
    cookie: `rescind_session=${session.text}`,
    accept: "text/html",
    "sec-fetch-mode": "navigate",
  };
  const answer = await traffic.requests.ask(
    `${asking.node.url}/oauth2/authorize?${parameters}`,
    "GET",
    headers,
  );
  if (answer.status === undefined) return;
  const location = String(answer.headers.location ?? "");
  const code = location.startsWith(redirectUri) ? new URL(location).searchParams.get("code") : null;
  const { name, subject = "" } = session.thing;
  if (code !== null) {
    const made = [traffic.hold(code, "code", client, ofSession(subject, session, client, offline))];
    return noteIssued(traffic, asking, answer, { by: "authorize", evidence: [name], made });
  }
  if (!/name="password"/.test(answer.text)) return;
  session.refused = true;
  traffic.note({
    ...traffic.fields(asking, answer, "fail"),
    op: "use",
    args: { thing: name, at: "authorize" },
  });
}

/** Mostly a new code by its own client; now and then one a second time, or at once twice. */
export async function redeem(traffic: Traffic, asking: Asking): Promise<void> {
  const isAgain = traffic.random.below(6) === 0;
  if (!isAgain && traffic.pick("code", ({ refused }) => !refused) === undefined)
    await authorize(traffic, asking);
  const code = traffic.pick("code", ({ refused }) => isAgain || !refused);
  if (code === undefined) return;
  if (traffic.random.below(6) > 0) return present(traffic, asking, code);
  await Promise.all([
    present(traffic, asking, code),
    present(traffic, { ...asking, proc: `${asking.proc}'` }, code),
  ]);
}

async function present(traffic: Traffic, asking: Asking, code: Held): Promise<void> {
  const client = traffic.random.below(20) === 0 ? anyClient(traffic) : code.client;
  const key = anyKey(traffic, client);
  const form = {
    grant_type: "authorization_code",
    code: code.text,
    redirect_uri: redirectUri,
    code_verifier: pkce.verifier,
  };
  const answer = await traffic.asClient(asking, "/oauth2/token", form, { client, key });
  const authorised = client === code.client;
  const { name, subject, session, offline } = code.thing;
  const facts = { client: client.id, subject, session, offline, key: key.id, evidence: [name] };
  const result = resultOf(answer);
  if (result === "none") return;
  const made = answer.status === 200 ? traffic.holdAnswer(answer, client, facts) : [];
  if (authorised && result !== "info") code.refused = true;
  const args = { code: name, authorised, made: made.map(({ thing }) => thing) };
  traffic.note({ ...traffic.fields(asking, answer, result), ...at(answer), op: "redeem", args });
}

/** Mostly the newest of its grant; one in three twice at once, as by two tabs; one in twelve by another client. */
export async function refresh(traffic: Traffic, asking: Asking): Promise<void> {
  const token = traffic.pick("refresh");
  if (token === undefined) return openGrant(traffic, asking);
  if (traffic.random.below(3) > 0) return refreshOnce(traffic, asking, token);
  const other = { proc: `${asking.proc}'`, node: traffic.random.pick(traffic.nodes) };
  await Promise.all([refreshOnce(traffic, asking, token), refreshOnce(traffic, other, token)]);
}

export async function refreshOnce(traffic: Traffic, asking: Asking, token: Held): Promise<void> {
  const client = traffic.random.below(12) === 0 ? anyClient(traffic) : token.client;
  const key = anyKey(traffic, client);
  const form = { grant_type: "refresh_token", refresh_token: token.text };
  const answer = await traffic.asClient(asking, "/oauth2/token", form, { client, key });
  const authorised = client === token.client;
  const result = resultOf(answer);
  if (result === "none") return;
  const { name, subject, session, offline, grant, authorisedAt } = token.thing;
  const evidence = [name];
  const facts = { client: client.id, subject, session, offline, grant, authorisedAt, key: key.id, evidence };
  const made = answer.status === 200 ? traffic.holdAnswer(answer, client, facts) : [];
  const successor = made.find(({ thing }) => thing.kind === "refresh")?.thing.name;
  if (authorised && result !== "info") token.refused = true;
  const args = { token: name, authorised, successor, made: made.map(({ thing }) => thing) };
  traffic.note({ ...traffic.fields(asking, answer, result), ...at(answer), op: "refresh", args });
}

/** `none`: the client itself was refused, so that nothing was presented. */
function resultOf(answer: Answer | Unanswered): "ok" | "fail" | "info" | "none" {
  if (answer.status === undefined) return "info";
  if (answer.status === 200) return "ok";
  return answer.json.error === "invalid_grant" ? "fail" : "none";
}

/** Where on the log what it ended is. */
export function at(answer: Answer | Unanswered): { readonly position?: number } {
  const seq = answer.status === undefined ? undefined : answer.headers["rescind-seq"];
  return seq === undefined ? {} : { position: Number(seq) };
}

export async function exchange(traffic: Traffic, asking: Asking): Promise<void> {
  const client = anyWithJwts(traffic);
  const key = anyKey(traffic, client);
  const usable = (held: Held): boolean =>
    depthOf(traffic, held.thing) < mostExchanges && !held.client.isInsider;
  const subject = traffic.pick("access", (held) => usable(held) && !held.client.isOpaque);
  const actor = traffic.random.below(4) === 0 ? traffic.pick("access", usable) : undefined;
  if (subject === undefined) return ownToken(traffic, asking);
  const type = "urn:ietf:params:oauth:token-type:access_token";
  const form = {
    grant_type: exchangeGrant,
    subject_token: subject.text,
    subject_token_type: type,
    ...(actor === undefined ? {} : { actor_token: actor.text, actor_token_type: type }),
  };
  const answer = await traffic.asClient(asking, "/oauth2/token", form, { client, key });
  if (answer.status !== 200)
    return refusedExchange(traffic, asking, answer, actor === undefined ? subject : undefined);
  const parents = [subject, ...(actor === undefined ? [] : [actor])].map(({ thing }) => thing.name);
  const evidence = [...parents, credentialName(client, key)];
  const facts = { client: client.id, subject: subject.thing.subject, key: key.id, parents, evidence };
  noteIssued(traffic, asking, answer, {
    by: "exchange",
    evidence,
    made: traffic.holdAnswer(answer, client, facts),
  });
}

/** Without an actor only the subject token can be why. */
function refusedExchange(
  traffic: Traffic,
  asking: Asking,
  answer: Answer | Unanswered,
  subject: Held | undefined,
): void {
  if (answer.status !== 400 || subject === undefined) return;
  subject.refused = true;
  const args = { thing: subject.thing.name, at: "exchange" };
  traffic.note({ ...traffic.fields(asking, answer, "fail"), op: "use", args });
}

function depthOf(traffic: Traffic, thing: Thing): number {
  const parents = traffic.held.filter((held) => thing.parents?.includes(held.thing.name) === true);
  return parents.length === 0 ? 0 : 1 + Math.max(...parents.map((parent) => depthOf(traffic, parent.thing)));
}
