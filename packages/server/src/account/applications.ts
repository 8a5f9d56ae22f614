// Applications that act for a person: /account/v1/applications. Those that were consented to, and those that hold a
// live grant without asking (the operator's own, or opened by an administrator).

import { type Application, formatTimeMs } from "@rescind/admin-api";
import type { Consent, ListedGrant } from "@rescind/store";
import { heldList } from "../admin/list-page.ts";
import { refused } from "../admin/refusal.ts";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { scopeInWords } from "../pages/scope-words.ts";
import { seqHeader } from "../revocation/commit.ts";
import { commitOwn, subjectOf } from "./own-order.ts";

export async function listApplications(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const held = await heldBy(subjectOf(request), deps);
  const { head } = request.caller;
  const resources = [...(await deps.catalog.resources(head)).values()];
  const all: Application[] = [];
  for (const holding of held) {
    const client = (await deps.catalog.client(holding.clientId, head))?.client;
    if (client === undefined) continue;
    const ofClient = resources.filter(({ resource }) => client.audience.includes(resource));
    const inWords = (scope: string) => scopeInWords(scope, client, ofClient);
    all.push(applicationOf(holding, client.name, inWords));
  }
  const shown = (application: Application) => application;
  return heldList({ all, keyOf: ({ client_id }) => client_id, shown }, request.query as object); // checked against the contract's schema
}

/** Ends all that the person gave this client, consent included, for good. */
export async function endApplication(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const subject = subjectOf(request);
  const clientId = request.params.client_id ?? "";
  if (!(await hasAnything(subject, clientId, deps))) return unknown;
  const unit = { name: "subject+client", issuer: deps.issuer, value: subject, client: clientId } as const;
  const order = { unit, reason: "consent_withdrawn", about: { clientId } } as const;
  return { status: 204, headers: seqHeader(await commitOwn(order, request, deps)) };
}

/**
 * Takes one scope back: the stored consent shrinks and all that the person gave this client ends, in one transaction.
 * The next authorization asks for that scope again, and for no other.
 */
export async function endApplicationScope(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const subject = subjectOf(request);
  const { client_id: clientId = "", scope = "" } = request.params;
  if (!(await hasGiven(scope, { subject, clientId }, deps))) return unknownScope;
  const unit = { name: "subject+client", issuer: deps.issuer, value: subject, client: clientId } as const;
  const order = { unit, scope, reason: "consent_withdrawn", about: { clientId } } as const;
  return { status: 204, headers: seqHeader(await commitOwn(order, request, deps)) };
}

const unknown = refused("not-found", "You have given nothing to an application with this client_id.");
const unknownScope = refused(
  "not-found",
  "You have given no such scope to an application with this client_id.",
);

interface Holding {
  readonly clientId: string;
  readonly consent: Consent | undefined;
  readonly grants: readonly ListedGrant[];
  /** False: there are more grants. */
  readonly exact: boolean;
}

async function heldBy(subject: string, deps: Dependencies): Promise<Holding[]> {
  const consents = await allPages((page) => deps.store.listConsents({ subject }, page));
  const at = deps.now() / 1000;
  const grants = await allPages((page) => deps.store.listGrants({ subject, status: "live" }, page, at));
  const ids = new Set([...consents.items, ...grants.items].map(({ clientId }) => clientId));
  return [...ids].map((clientId) => ({
    clientId,
    consent: consents.items.find((consent) => consent.clientId === clientId),
    grants: grants.items.filter((grant) => grant.clientId === clientId),
    exact: grants.exact,
  }));
}

interface Pages<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

/** What is read for one answer at most; somebody with more sees lower bounds. */
const mostPages = 10;

async function allPages<Item>(
  read: (page: { readonly limit: number; readonly cursor: string | undefined }) => Promise<Pages<Item>>,
): Promise<{ readonly items: readonly Item[]; readonly exact: boolean }> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const page = await read({ limit: 1000, cursor });
    items.push(...page.items);
    cursor = page.next;
    if (cursor === undefined) return { items, exact: true };
  }
  return { items, exact: false };
}

function applicationOf(
  { clientId, consent, grants, exact }: Holding,
  name: string,
  inWords: (scope: string) => string | undefined,
): Application {
  // An administrator may have opened a grant for more than was consented to.
  const scopes = [...new Set([...(consent?.scopes ?? []), ...grants.flatMap((grant) => grant.scopes)])];
  const opened = grants.map(({ openedAt }) => openedAt * 1000);
  const uses = grants.flatMap(({ lastUsedAtMs }) => lastUsedAtMs ?? []);
  const online = grants.filter(({ offline }) => !offline).flatMap(({ sessionId }) => sessionId ?? []);
  return {
    client_id: clientId,
    name,
    consented: consent !== undefined,
    scopes: scopes.map((scope) => ({
      ...described(scope, inWords(scope)),
      consented: consent?.scopes.includes(scope) === true,
    })),
    since: formatTimeMs(earliest(consent === undefined ? opened : [consent.grantedAtMs, ...opened])),
    ...(uses.length === 0 ? {} : { last_used_at: formatTimeMs(uses.reduce((a, b) => Math.max(a, b))) }),
    grants: grants.length,
    sessions: new Set(online).size,
    exact,
  };
}

function described(scope: string, description: string | undefined) {
  return description === undefined ? { scope } : { scope, description };
}

/** Of at least one. */
function earliest(times: readonly number[]): number {
  return times.reduce((a, b) => Math.min(a, b));
}

/** Also a grant that is dead now: what covers it may be lifted, and then it must not come back. */
async function hasAnything(subject: string, clientId: string, deps: Dependencies): Promise<boolean> {
  const page = { limit: 1, cursor: undefined };
  const consents = await deps.store.listConsents({ subject, clientId }, page);
  if (consents.items.length > 0) return true;
  const grants = await deps.store.listGrants({ subject, clientId }, page, deps.now() / 1000);
  return grants.items.length > 0;
}

/** Also by a grant that is dead now, as above: whoever repeats this gets the same answer. */
async function hasGiven(
  scope: string,
  to: { readonly subject: string; readonly clientId: string },
  deps: Dependencies,
): Promise<boolean> {
  if ((await deps.store.consentedScopes(to.subject, to.clientId)).includes(scope)) return true;
  const grants = await allPages((page) => deps.store.listGrants(to, page, deps.now() / 1000));
  return grants.items.some(({ scopes }) => scopes.includes(scope));
}
