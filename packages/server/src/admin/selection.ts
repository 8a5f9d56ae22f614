// What an order selects, looked up: from the members of `select` to a unit of the log and the form that the history
// keeps. Narrow units and registered ones must exist, so that a mistyped id is told; a subject or session need not,
// since the log alone decides about them.

import type { Selected } from "@rescind/admin-api";
import { formatId, type Grant, parseId, type Unit } from "@rescind/core";
import type { About, SigningKeyRecord } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { decodeJws } from "../keys/jws.ts";
import { aboutToken } from "../revocation/about.ts";
import { foreignSelectOf, selectOf } from "../revocation/select.ts";
import { type Recognised, recognise } from "../tokens/recognise.ts";
import { invalidField, refused } from "./refusal.ts";

export interface Selection {
  readonly unit: Unit;
  /** Never a token's text. */
  readonly select: Readonly<Record<string, unknown>>;
  /** Whose it is, as far as it is known. */
  readonly about: About;
  /** The key of an order by `kid`. */
  readonly signingKey?: SigningKeyRecord | undefined;
}

export async function lookUpSelection(selected: Selected, deps: Dependencies): Promise<Selection | Answer> {
  const { issuer } = deps;
  switch (selected.kind) {
    case "token":
      return byText(selected.token, deps);
    case "token_id":
      return byTokenId(selected.tokenId, deps);
    case "grant": {
      const { grant } = await deps.store.findGrant(selected.grantId);
      if (grant === undefined) return unknown("grant_id");
      return selectionOf(grantUnit(grant.grantId, issuer), aboutGrant(grant));
    }
    case "session":
      return bySession(selected.sessionId, deps);
    case "subject":
      return selectionOf({ name: "subject", issuer, value: selected.subject }, { subject: selected.subject });
    case "client":
      if (!(await isClient(selected.clientId, deps))) return unknown("client_id");
      return selectionOf(
        { name: "client", issuer, value: selected.clientId },
        { clientId: selected.clientId },
      );
    case "subject+client":
      if (!(await isClient(selected.clientId, deps))) return unknown("client_id");
      return selectionOf(
        { name: "subject+client", issuer, value: selected.subject, client: selected.clientId },
        { subject: selected.subject, clientId: selected.clientId },
      );
    case "key": {
      const key = await deps.store.findConsumerKey(selected.keyId);
      if (key === undefined) return unknown("key_id");
      return selectionOf({ name: "key", issuer, value: key.keyId }, { clientId: key.clientId });
    }
    case "signing-key":
      return byKid(selected.kid, deps);
    case "all":
      return selectionOf({ name: "all", issuer, value: "" });
    case "issuer":
    case "issuer+subject":
    case "issuer+jti":
      return byIssuer(selected, deps);
  }
}

type SelectedForeign = Extract<Selected, { readonly issuer: string }>;

/** Units of a registered issuer's tokens; whether there is such a token nobody here knows. */
async function byIssuer(selected: SelectedForeign, deps: Dependencies): Promise<Selection | Answer> {
  const { issuer } = selected;
  if (issuer === deps.issuer)
    return invalidField(
      "/select/issuer",
      "This is this server itself: select {subject}, {token_id}, {all: true} … without issuer.",
    );
  if (!(await deps.store.listIssuers()).some((known) => known.issuer === issuer))
    return refused("not-found", "/select/issuer: register it first (POST /admin/v1/issuers).", [
      { pointer: "/select/issuer", detail: "is not a registered issuer." },
    ]);
  switch (selected.kind) {
    case "issuer":
      return foreignSelection({ name: "issuer", issuer, value: "" });
    case "issuer+subject":
      return foreignSelection({ name: "subject", issuer, value: selected.subject });
    case "issuer+jti":
      return foreignSelection(tokenUnit(selected.jti, issuer));
  }
}

/** The subjects and tokens of another issuer are nobody of ours: the order is about none of ours. */
function foreignSelection(unit: Unit): Selection {
  return { unit, select: foreignSelectOf(unit), about: {} };
}

function selectionOf(unit: Unit, about: About = {}): Selection {
  return { unit, select: selectOf(unit), about };
}

function aboutGrant({ clientId, subject, grantId }: Grant): About {
  return { clientId, subject, grantId };
}

/** A session that is not stored any more may have tokens all the same. */
async function bySession(sessionId: string, deps: Dependencies): Promise<Selection> {
  const row = parseId("session", sessionId);
  const { session } = row === undefined ? {} : await deps.store.findSession(row);
  return selectionOf(
    { name: "session", issuer: deps.issuer, value: sessionId },
    { subject: session?.subject },
  );
}

function tokenUnit(tokenId: string, issuer: string): Unit {
  return { name: "token", issuer, value: tokenId };
}

function grantUnit(grantId: string, issuer: string): Unit {
  return { name: "grant", issuer, value: grantId };
}

function unknown(member: string): Answer {
  const pointer = `/select/${member}`;
  return refused("not-found", `${pointer}: nothing is known by this ${member}.`, [
    { pointer, detail: "is not known here." },
  ]);
}

async function byText(text: string, deps: Dependencies): Promise<Selection | Answer> {
  const recognised = await recognise(text, deps);
  if (recognised.kind === "foreign" && recognised.token.tokenId === undefined)
    return invalidField(
      "/select/token",
      "This token of another issuer has no jti: select its issuer, or its issuer and subject.",
    );
  return selectionOfToken(recognised, deps) ?? unknownToken(text, deps);
}

/** Whoever holds a token of an issuer that does not answer must be told how to revoke it all the same. */
async function unknownToken(text: string, deps: Dependencies): Promise<Answer> {
  const claimed = decodeJws(text)?.payload.iss;
  const isRegistered = (await deps.store.listIssuers()).some(({ issuer }) => issuer === claimed);
  if (!isRegistered) return unknown("token");
  const detail =
    "is no genuine token of its issuer, or that issuer's keys cannot be fetched now: select its issuer and jti instead.";
  return refused("not-found", `/select/token: ${detail}`, [{ pointer: "/select/token", detail }]);
}

/** What an order of a presented token names; undefined for one that is not known. */
export function selectionOfToken(
  recognised: Recognised,
  { issuer }: Pick<Dependencies, "issuer">,
): Selection | undefined {
  switch (recognised.kind) {
    case "access": {
      const unit = tokenUnit(formatId("token", recognised.token.id), issuer);
      return selectionOf(unit, aboutToken(recognised, unit));
    }
    case "refresh":
      return selectionOf(grantUnit(recognised.grant.grantId, issuer), aboutGrant(recognised.grant));
    case "foreign": {
      const { issuer: theirs, tokenId } = recognised.token;
      return tokenId === undefined ? undefined : foreignSelection(tokenUnit(tokenId, theirs));
    }
    case "unknown":
      return undefined;
  }
}

/** What an order of one access token names. */
export function selectionOfTokenId(
  tokenId: string,
  { clientId, subject, grantId }: About,
  { issuer }: Pick<Dependencies, "issuer">,
): Selection {
  return selectionOf(tokenUnit(tokenId, issuer), { clientId, subject, grantId });
}

/** Access and refresh tokens share one series of ids. */
async function byTokenId(tokenId: string, deps: Dependencies): Promise<Selection | Answer> {
  const rowId = parseId("token", tokenId);
  if (rowId === undefined) return unknown("token_id");
  const access = await deps.store.findAccessToken(rowId);
  if (access.token !== undefined) return selectionOfTokenId(tokenId, access.token, deps);
  const { token, grant } = await deps.store.findRefreshToken(rowId);
  if (token === undefined) return unknown("token_id");
  const about = grant === undefined ? { grantId: token.grantId } : aboutGrant(grant);
  return selectionOf(grantUnit(token.grantId, deps.issuer), about);
}

async function byKid(kid: string, deps: Dependencies): Promise<Selection | Answer> {
  const signingKey = (await deps.store.listSigningKeys()).find((key) => key.kid === kid);
  if (signingKey === undefined) return unknown("kid");
  if (signingKey.use === "feed")
    return invalidField("/select/kid", "This key signs the feed, not tokens; no order can name it.");
  return { ...selectionOf({ name: "signing-key", issuer: deps.issuer, value: kid }), signingKey };
}

async function isClient(clientId: string, deps: Dependencies): Promise<boolean> {
  return (await deps.store.findClient(clientId)).client !== undefined;
}
