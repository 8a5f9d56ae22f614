// POST /admin/v1/tokens/import: an opaque token made elsewhere comes under management. From then on it is introspected,
// listed and revoked here like one of ours; its text is stored as a digest only. JWTs of registered issuers need no
// import: they are recognised by themselves.

import { type NewImportedToken, parseTimeMs, type TokenItem } from "@rescind/admin-api";
import {
  type AccessToken,
  type Client,
  judgedAccessToken,
  lifetimes,
  mayBeImported,
  opensThisServer,
  parseScope,
} from "@rescind/core";
import type { Head, ListedToken } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { decodeJws } from "../keys/jws.ts";
import { catchUp } from "../revocation/commit.ts";
import { recognise } from "../tokens/recognise.ts";
import { administrator, clientUnit } from "./administrator.ts";
import { invalidField, refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";
import { tokenItem } from "./tokens.ts";

export async function importToken(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewImportedToken; // checked against the contract's schema
  const asked = readImport(body, deps);
  if ("status" in asked) return asked;
  const known = await lookUp(asked, deps);
  if ("status" in known) return known;
  const token = tokenOf(asked, known, deps);
  if (!(await deps.store.importToken({ token, digest: deps.hashing.digest(asked.text) })))
    return knownAlready;
  const item = await itemOf(token, deps);
  const { token_id, client_id, subject, scope, expires_at } = item;
  await deps.store.recordAudit({
    action: "token.imported",
    actor: administrator(request),
    atMs: deps.now(),
    content: { token_id, client_id, subject, scope, expires_at },
  });
  return { status: 201, body: item };
}

interface Import {
  readonly text: string;
  readonly clientId: string;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly audience: readonly string[] | undefined;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** What is asked, if it can be had at all. Looks nothing up. */
function readImport(body: NewImportedToken, { issuer, now }: Dependencies): Import | Answer {
  const { token: text, client_id: clientId, subject, audience } = body;
  if (!mayBeImported(text) || decodeJws(text)?.payload.iss === issuer) return ofThisServer;
  if (isOfIssuer(text)) return ofItsIssuer;
  const scopes = parseScope(body.scope);
  if ("kind" in scopes) return invalidField("/scope", scopes.description);
  if (scopes.some(opensThisServer))
    return invalidField("/scope", "Scopes of this server's own endpoints are for tokens that it issued.");
  const malformed = audience?.findIndex((uri) => !URL.canParse(uri)) ?? -1;
  if (malformed >= 0) return invalidField(`/audience/${malformed}`, "This is not an absolute URI.");
  const issuedAt = Math.floor(now() / 1000);
  const atMs = parseTimeMs(body.expires_at);
  if (atMs === undefined) return invalidField("/expires_at", "This is no RFC 3339 time that exists.");
  const expiresAt = Math.floor(atMs / 1000);
  if (expiresAt <= issuedAt) return invalidField("/expires_at", "It must lie in the future.");
  if (expiresAt > issuedAt + lifetimes.accessTokenCap) return livesTooLong;
  return { text, clientId, subject, scopes, audience, issuedAt, expiresAt };
}

/**
 * A JWT that is recognised by itself, here or once its issuer is registered: it would then be judged by that issuer's
 * units alone, and what ended the import would not cover it. A symmetric signature is never verified, so such a one is
 * known by its text for ever.
 */
function isOfIssuer(text: string): boolean {
  const jws = decodeJws(text);
  return typeof jws?.payload.iss === "string" && !String(jws.header.alg).startsWith("HS");
}

interface Known {
  /** Read before client and person were: the token's `rev`. */
  readonly head: Head;
  readonly client: Client;
}

/**
 * Whose it becomes. Entries are kept as long as what they cover can live, so the database must know of a longer life
 * before; what was read until then is read again, since orders of meanwhile were made for the shorter one.
 */
async function lookUp(asked: Import, deps: Dependencies): Promise<Known | Answer> {
  const life = asked.expiresAt - asked.issuedAt;
  for (;;) {
    const found = await judge(asked, deps);
    if ("status" in found) return found;
    const { longest } = found.head;
    if (life <= longest.accessToken) return found;
    await deps.store.raiseLongest({ ...longest, accessToken: life });
  }
}

async function judge({ text, clientId, subject }: Import, deps: Dependencies): Promise<Known | Answer> {
  const { kind, head } = await recognise(text, deps);
  if (kind === "foreign") return ofItsIssuer;
  if (kind !== "unknown") return knownAlready;
  const client = (await deps.catalog.client(clientId, head))?.client;
  if (client === undefined) return invalidField("/client_id", "There is no client with this id.");
  await deps.standing.reach(head);
  if (deps.standing.suspension(clientUnit(clientId, deps.issuer)) !== "none")
    return refused("conflict", "This client is suspended: nothing comes under it until it is approved.");
  if (subject !== clientId && (await deps.store.findClient(subject)).client !== undefined)
    return invalidField("/subject", "This is another client's id; no subject may have one.");
  if ((await deps.store.findUser(subject)).user?.status === "disabled")
    return refused("conflict", "This user is disabled: nothing comes under them until they are active.");
  return { head, client };
}

function tokenOf(asked: Import, { head, client }: Known, deps: Dependencies): AccessToken {
  const { clientId, subject, scopes, issuedAt, expiresAt } = asked;
  return {
    id: deps.store.nextId(),
    clientId,
    subject,
    grantId: undefined,
    sessionId: undefined,
    keyId: undefined,
    kid: undefined,
    scopes,
    audience: asked.audience ?? [client.audience[0] ?? deps.issuer],
    rev: head.position.seq,
    issuedAt,
    expiresAt,
    grantIat: undefined,
    authTime: undefined,
    offline: false,
    lineage: [],
    claims: {},
  };
}

/** As in lists. An order that came in between covers it already. */
async function itemOf(token: AccessToken, deps: Dependencies): Promise<TokenItem> {
  await catchUp(deps);
  const { kind } = deps.standing.judge(judgedAccessToken(token, deps.issuer), deps.now() / 1000);
  const status: ListedToken["status"] = kind === "revoked" || kind === "expired" ? kind : "live";
  return tokenItem({ ...token, kind: "access", format: "opaque", status, lastUsedAtMs: undefined });
}

const ofThisServer = invalidField(
  "/token",
  "16 to 1024 visible ASCII characters, without a prefix of this server's own tokens, and no JWT of this server.",
);
const ofItsIssuer = invalidField(
  "/token",
  "The JWTs of an issuer need no import: register it (POST /admin/v1/issuers), and they are recognised by themselves.",
);
const livesTooLong = invalidField(
  "/expires_at",
  "It may be 24 hours ahead at most, like that of every access token here: a revocation leaves the log when nothing that it covers can live any more.",
);
const knownAlready = refused("conflict", "This token is known here already.", [
  { pointer: "/token", detail: "is known already." },
]);
