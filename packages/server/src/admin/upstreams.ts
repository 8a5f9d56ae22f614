// Upstream providers: /admin/v1/upstreams. Those that are in use are asked for their metadata before they are stored, so
// that a mistyped issuer is found by who typed it and not by who wants to sign in.

import {
  type FieldError,
  formatTime,
  formatTimeMs,
  type NewUpstream,
  type UpstreamAnswer,
  type UpstreamChange,
  type UpstreamTokenItem,
  type UpstreamTokenQuery,
} from "@rescind/admin-api";
import { formatId, parseId, type Upstream } from "@rescind/core";
import type { StoredUpstream, UpstreamToken } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { endSessionsWithout, seqHeader } from "../people/factors.ts";
import { clientSecretPurpose, reasonOf } from "../upstream/provider.ts";
import { redirectUriOf } from "../upstream/redirect-uri.ts";
import { administrator } from "./administrator.ts";
import { heldList, pageRequest, storedList } from "./list-page.ts";
import { checkOutsideUrl } from "./outside-url.ts";
import { invalidField, invalidFields, refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";

export async function createUpstream(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewUpstream; // checked against the contract's schema
  const upstream = changed({ ...blank, upstreamId: body.upstream_id, issuer: body.issuer }, body);
  const errors = checkUpstream(upstream, deps);
  if (errors.length > 0) return invalidFields(errors);
  const row = deps.store.nextId();
  const atMs = deps.now();
  const sealedSecret = sealed(row, body.client_secret ?? undefined, deps);
  const made = { row, upstream, sealedSecret, createdAtMs: atMs, changedAtMs: atMs };
  const silent = await askIfEnabled(made, deps);
  if (silent !== undefined) return silent;
  if (!(await deps.store.createUpstream(made)))
    return refused("conflict", "This upstream_id is taken; choose another one, or change that provider.", [
      { pointer: "/upstream_id", detail: "is taken." },
    ]);
  await record("upstream.created", upstream, {}, request, deps);
  return { status: 201, body: await answerOf(made, deps) };
}

export async function listUpstreams(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const all = await Promise.all((await deps.store.listUpstreams()).map((found) => answerOf(found, deps)));
  const query = request.query as object; // checked against the contract's schema
  return heldList({ all, keyOf: (item) => item.upstream_id, shown: (item) => item }, query);
}

export async function readUpstream(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const found = await namedUpstream(request, deps);
  return found === undefined ? unknown : ok(await answerOf(found, deps));
}

export async function changeUpstream(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as UpstreamChange; // checked against the contract's schema
  const current = await namedUpstream(request, deps);
  if (current === undefined) return unknown;
  const upstream = changed(current.upstream, body);
  const errors = checkUpstream(upstream, deps);
  if (errors.length > 0) return invalidFields(errors);
  const { client_secret: secret } = body;
  const sealedSecret =
    secret === undefined ? current.sealedSecret : sealed(current.row, secret ?? undefined, deps);
  const next = {
    ...current,
    upstream,
    sealedSecret,
    changedAtMs: Math.max(deps.now(), current.changedAtMs + 1),
  };
  const isNewlyEnabled = upstream.isEnabled && !current.upstream.isEnabled;
  const silent = isNewlyEnabled ? await askIfEnabled(next, deps) : undefined;
  if (silent !== undefined) return silent;
  if (!(await deps.store.updateUpstream(next))) return unknown;
  await record("upstream.updated", upstream, { changed: Object.keys(body) }, request, deps);
  return ok(await answerOf(next, deps));
}

export async function deleteUpstream(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const found = await namedUpstream(request, deps);
  if (found === undefined || !(await deps.store.deleteUpstream(found.row, deps.now()))) return unknown;
  await record("upstream.deleted", found.upstream, {}, request, deps);
  deps.upstreams.wake();
  return { status: 204 };
}

export async function checkUpstreamNow(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const found = await namedUpstream(request, deps);
  if (found === undefined) return unknown;
  const checked_at = formatTimeMs(deps.now());
  try {
    const { revocationEndpoint = null } = await deps.upstreams.providers.metadata(found);
    const problem = revocationEndpoint === null ? noEndpoint : null;
    return ok({ reachable: true, problem, revocation_endpoint: revocationEndpoint, checked_at });
  } catch (error) {
    return ok({ reachable: false, problem: reasonOf(error), revocation_endpoint: null, checked_at });
  }
}

const noEndpoint = "The provider revokes no tokens (RFC 7009): those of sign-ins here are not kept.";

export async function listUpstreamTokens(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const query = request.query as UpstreamTokenQuery; // checked against the contract's schema
  const found = await namedUpstream(request, deps);
  if (found === undefined) return unknown;
  const filter = { upstreamRow: found.row, status: query.status };
  return storedList(deps.store.listUpstreamTokens(filter, pageRequest(query)), tokenItem);
}

export async function retryUpstreamToken(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const id = parseId("upstreamToken", request.params.token_id ?? "") ?? "0";
  if (!(await deps.store.retryUpstreamToken(id, deps.now())))
    return refused("conflict", "There is no token with this token_id that was given up.");
  deps.upstreams.wake();
  return { status: 204 };
}

/** DELETE /admin/v1/users/{sub}/identities/{identity_id}: sessions that it opened end, also where it was gone already. */
export async function removeIdentity(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { sub = "", identity_id = "" } = request.params;
  const id = parseId("identity", identity_id) ?? "0";
  const isUnlinked = await deps.store.unlinkIdentity(id, sub);
  const actor = administrator(request);
  const ended = await endSessionsWithout(sub, { actor, reason: "administrator" }, deps);
  if (!isUnlinked) return refused("not-found", "This user has no identity with this identity_id.");
  const content = { sub, identity_id };
  await deps.store.recordAudit({
    action: "identity.unlinked",
    actor,
    atMs: deps.now(),
    content,
  });
  return { status: 204, headers: await seqHeader(ended.at(-1), deps) };
}

const unknown = refused("not-found", "There is no upstream provider with this upstream_id.");

const blank: Upstream = {
  upstreamId: "",
  name: "",
  issuer: "",
  clientId: "",
  scopes: ["openid", "profile", "email"],
  createUsers: false,
  linkByEmail: false,
  trustMfa: false,
  isEnabled: true,
};

function changed(current: Upstream, body: UpstreamChange): Upstream {
  return {
    ...current,
    name: body.name ?? current.name,
    clientId: body.client_id ?? current.clientId,
    scopes: body.scopes ?? current.scopes,
    createUsers: body.create_users ?? current.createUsers,
    linkByEmail: body.link_by_email ?? current.linkByEmail,
    trustMfa: body.trust_mfa ?? current.trustMfa,
    isEnabled: body.enabled ?? current.isEnabled,
  };
}

function checkUpstream({ issuer, scopes }: Upstream, deps: Dependencies): FieldError[] {
  const own = deps.issuer.replace(/\/$/, "") === issuer.replace(/\/$/, "");
  const errors = [
    checkOutsideUrl("/issuer", issuer, deps.configuration),
    own ? { pointer: "/issuer", detail: "This is this server itself." } : undefined,
    issuer.includes("?") ? { pointer: "/issuer", detail: "An issuer has no query." } : undefined,
    scopes.includes("openid")
      ? undefined
      : { pointer: "/scopes", detail: "Without openid nobody is told who signed in." },
  ];
  return errors.filter((error) => error !== undefined);
}

async function askIfEnabled(made: StoredUpstream, deps: Dependencies): Promise<Answer | undefined> {
  if (!made.upstream.isEnabled) return undefined;
  try {
    await deps.upstreams.providers.metadata(made);
    return undefined;
  } catch (error) {
    return invalidField(
      "/issuer",
      `Its metadata could not be had: ${reasonOf(error)}. Put it right, or send enabled: false to store it as it is.`,
    );
  }
}

function sealed(
  row: StoredUpstream["row"],
  secret: string | undefined,
  { seal }: Pick<Dependencies, "seal">,
): Uint8Array | undefined {
  return secret === undefined ? undefined : seal.seal(clientSecretPurpose(row), Buffer.from(secret));
}

async function namedUpstream(
  request: AdminRequest,
  { store }: Pick<Dependencies, "store">,
): Promise<StoredUpstream | undefined> {
  const all = await store.listUpstreams();
  return all.find(({ upstream }) => upstream.upstreamId === request.params.upstream_id);
}

async function answerOf(
  { row, upstream, sealedSecret, createdAtMs, changedAtMs }: StoredUpstream,
  deps: Dependencies,
): Promise<UpstreamAnswer> {
  return {
    upstream_id: upstream.upstreamId,
    name: upstream.name,
    issuer: upstream.issuer,
    client_id: upstream.clientId,
    has_secret: sealedSecret !== undefined,
    scopes: [...upstream.scopes],
    create_users: upstream.createUsers,
    link_by_email: upstream.linkByEmail,
    trust_mfa: upstream.trustMfa,
    enabled: upstream.isEnabled,
    redirect_uri: redirectUriOf(upstream, deps.issuer),
    created_at: formatTimeMs(createdAtMs),
    changed_at: formatTimeMs(changedAtMs),
    tokens: { ...(await deps.store.countUpstreamTokens(row)) },
  };
}

function tokenItem(token: UpstreamToken): UpstreamTokenItem {
  const { status, subject, sessionId, endedBy, lastResult, finishedAtMs } = token;
  return {
    token_id: formatId("upstreamToken", token.id),
    kind: token.kind,
    status,
    ...(subject === "" ? {} : { subject }),
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    ...(endedBy === undefined ? {} : { ended_by: endedBy }),
    created_at: formatTimeMs(token.createdAtMs),
    attempts: token.attempts,
    ...(status === "pending" ? { next_attempt_at: formatTimeMs(token.nextAttemptMs) } : {}),
    ...(lastResult === undefined ? {} : { last_result: lastResult }),
    ...(finishedAtMs === undefined ? {} : { finished_at: formatTime(Math.floor(finishedAtMs / 1000)) }),
  };
}

function record(
  action: "upstream.created" | "upstream.updated" | "upstream.deleted",
  { upstreamId, issuer, clientId, isEnabled }: Upstream,
  more: Readonly<Record<string, unknown>>,
  request: AdminRequest,
  deps: Dependencies,
): Promise<void> {
  const content = { upstream_id: upstreamId, issuer, client_id: clientId, enabled: isEnabled, ...more };
  return deps.store.recordAudit({ action, actor: administrator(request), atMs: deps.now(), content });
}
