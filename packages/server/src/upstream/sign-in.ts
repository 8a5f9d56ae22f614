// Somebody whom a provider has signed in: found by their identity, joined by a verified email address, or made a user, as
// the provider is configured (core/upstream.ts decides); then a session like any other.

import { randomBytes } from "node:crypto";
import { arrivalOf, formatId, type UpstreamPerson, type User, usernameFor } from "@rescind/core";
import type { Head, NewIdentity, StoredUpstream } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, PageRequest } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { randomId } from "../random-id.ts";
import { goOn } from "../sign-in/first-factor.ts";
import type { Transaction } from "../sign-in/transaction.ts";
import { keepToken } from "./kept-token.ts";
import type { UpstreamTokens } from "./provider.ts";

export interface FromProvider {
  readonly provider: StoredUpstream;
  /** The first read of the request. */
  readonly head: Head;
  readonly request: PageRequest;
  readonly tokens: UpstreamTokens;
  readonly way: { readonly href: string; readonly text: string };
}

export async function finishSignIn(
  transaction: Transaction,
  from: FromProvider,
  deps: Dependencies,
): Promise<Answer> {
  const { provider, tokens, head, request } = from;
  const who = await whoIs(from, deps);
  // The session ends with the identity; one that was unlinked at this moment opens none.
  const { identity } = await deps.store.findIdentity(provider.row, tokens.person.sub);
  const user = typeof who === "string" || identity?.subject === who.subject ? who : "unknown";
  if (user === "unknown" || user === "disabled" || identity === undefined) {
    await keepToken({ provider, tokens, subject: "", endedBy: "refused" }, deps);
    const why = user === "disabled" ? "disabled" : "unknown";
    deps.log.info({ reqId: request.id, upstream: provider.upstream.upstreamId, why }, "sign-in refused");
    return user === "disabled" ? disabledPerson(from, deps) : unknownPerson(from, deps);
  }
  const factors = [formatId("identity", identity.id)];
  const upstreamToken = await keepToken({ provider, tokens, subject: user.subject }, deps);
  const isProven = provider.upstream.trustMfa && tokens.amr.includes("mfa");
  const amr = isProven ? ["fed", "mfa"] : ["fed"];
  return goOn({ user, head, amr, factors, upstreamToken }, transaction, request, deps);
}

/** Looked at once more where somebody else was faster: another callback of the same person, or of one with that name. */
async function whoIs(from: FromProvider, deps: Dependencies): Promise<User | "disabled" | "unknown"> {
  for (let tries = 0; tries < 12; tries += 1) {
    const found = await arrive(from, tries, deps);
    if (found !== "again") return found;
  }
  throw new Error("no username was free for a new person");
}

async function arrive(
  { provider, tokens: { person } }: FromProvider,
  attempt: number,
  deps: Dependencies,
): Promise<User | "again" | "disabled" | "unknown"> {
  const { identity, user: known } = await deps.store.findIdentity(provider.row, person.sub);
  const namesakes = known === undefined ? await usersWith(person.email, deps) : [];
  const namesake = namesakes.length === 1 ? namesakes[0] : undefined;
  const arrival = arrivalOf(person, provider.upstream, { known, namesake });
  switch (arrival.kind) {
    case "user":
      if (identity !== undefined)
        await deps.store.noteIdentityUse({ ...namesOf(person), id: identity.id, atMs: deps.now() });
      return arrival.user;
    case "link": {
      const { subject } = arrival.user;
      const linked = await deps.store.linkIdentity(identityFor(person, subject, provider, deps));
      if (linked !== "linked") return linked === "taken" ? "again" : "unknown";
      await recordLink(subject, "email", provider, deps);
      return arrival.user;
    }
    case "create":
      return create(person, provider, { attempt, hasNamesake: namesakes.length > 0 }, deps);
    case "disabled":
    case "unknown":
      return arrival.kind;
  }
}

async function usersWith(email: string | undefined, { store }: Dependencies): Promise<readonly User[]> {
  if (email === undefined) return [];
  const { items } = await store.listUsers({ email }, { limit: 2, cursor: undefined });
  return items.map(({ user }) => user);
}

/** An address that somebody here has already stays theirs alone, also as a name, since they may sign in by it. */
async function create(
  person: UpstreamPerson,
  provider: StoredUpstream,
  { attempt, hasNamesake }: { readonly attempt: number; readonly hasNamesake: boolean },
  deps: Dependencies,
): Promise<User | "again"> {
  const username = usernameFor(person, attempt, randomBytes(6).toString("hex"));
  if ((await usersWith(username, deps)).length > 0) return "again";
  const user: User = {
    subject: randomId("usr_"),
    username,
    name: person.name?.trim() === "" ? undefined : person.name,
    email: hasNamesake ? undefined : person.email,
    emailVerified: !hasNamesake && person.emailVerified,
    groups: [],
    claims: {},
    roles: [],
    status: "active",
  };
  const identity = identityFor(person, user.subject, provider, deps);
  const created = await deps.store.createUserWithIdentity(user, identity, deps.now());
  if (created !== "created") return "again";
  const { subject: sub } = user;
  const content = { sub, username, roles: [], upstream_id: provider.upstream.upstreamId };
  const actor = { kind: "server", id: "upstream" } as const;
  await deps.store.recordAudit({ action: "user.created", actor, atMs: deps.now(), content });
  return user;
}

function namesOf({ email, username, name }: UpstreamPerson) {
  return { email, username: username ?? name };
}

/** An identity that is used at this moment. */
export function identityFor(
  person: UpstreamPerson,
  subject: string,
  provider: StoredUpstream,
  { store, now }: Pick<Dependencies, "now" | "store">,
): NewIdentity {
  return {
    id: store.nextId(),
    upstreamRow: provider.row,
    upstreamSubject: person.sub,
    subject,
    ...namesOf(person),
    linkedAtMs: now(),
    lastUsedMs: now(),
  };
}

export function recordLink(
  sub: string,
  by: "account" | "email",
  { upstream }: StoredUpstream,
  { store, now }: Pick<Dependencies, "now" | "store">,
): Promise<void> {
  const actor = { kind: "user", id: sub } as const;
  const content = { sub, upstream_id: upstream.upstreamId, by };
  return store.recordAudit({ action: "identity.linked", actor, atMs: now(), content });
}

function unknownPerson({ provider, way }: FromProvider, deps: Dependencies): Answer {
  const { name } = provider.upstream;
  const text = `${name} knows you, but nobody here is connected to that account yet. If you have an account here, sign in to it and connect ${name} on your account page; else ask an administrator.`;
  return errorPage(
    { status: 403, title: "Nobody here is connected to this", text, link: way },
    frameOf(deps),
  );
}

function disabledPerson({ way }: FromProvider, deps: Dependencies): Answer {
  const text = "This account may not be used at the moment. Ask an administrator.";
  return errorPage({ status: 403, title: "You cannot sign in", text, link: way }, frameOf(deps));
}
