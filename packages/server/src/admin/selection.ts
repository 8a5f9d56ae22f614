// What an order selects, looked up: from the members of `select` to a unit of the log and the form that the history
// keeps. Narrow units and registered ones must exist, so that a mistyped id is told; a subject or session need not,
// since the log alone decides about them.

import type { Selected } from "@rescind/admin-api";
import { formatId, parseId, type Unit } from "@rescind/core";
import type { SigningKeyRecord } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { selectOf } from "../revocation/select.ts";
import { recognise } from "../tokens/recognise.ts";
import { invalidField, refused } from "./refusal.ts";

export interface Selection {
  readonly unit: Unit;
  /** Never a token's text. */
  readonly select: Readonly<Record<string, unknown>>;
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
      return grant === undefined ? unknown("grant_id") : selectionOf(grantUnit(grant.grantId, issuer));
    }
    case "session":
      return selectionOf({ name: "session", issuer, value: selected.sessionId });
    case "subject":
      return selectionOf({ name: "subject", issuer, value: selected.subject });
    case "client":
      if (!(await isClient(selected.clientId, deps))) return unknown("client_id");
      return selectionOf({ name: "client", issuer, value: selected.clientId });
    case "subject+client":
      if (!(await isClient(selected.clientId, deps))) return unknown("client_id");
      return selectionOf({
        name: "subject+client",
        issuer,
        value: selected.subject,
        client: selected.clientId,
      });
    case "key": {
      const key = await deps.store.findConsumerKey(selected.keyId);
      return key === undefined ? unknown("key_id") : selectionOf({ name: "key", issuer, value: key.keyId });
    }
    case "signing-key":
      return byKid(selected.kid, deps);
    case "all":
      return selectionOf({ name: "all", issuer, value: "" });
  }
}

function selectionOf(unit: Unit): Selection {
  return { unit, select: selectOf(unit) };
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
  switch (recognised.kind) {
    case "access":
      return selectionOf(tokenUnit(formatId("token", recognised.token.id), deps.issuer));
    case "refresh":
      return selectionOf(grantUnit(recognised.grant.grantId, deps.issuer));
    case "unknown":
      return unknown("token");
  }
}

/** Access and refresh tokens share one series of ids. */
async function byTokenId(tokenId: string, deps: Dependencies): Promise<Selection | Answer> {
  const rowId = parseId("token", tokenId);
  if (rowId === undefined) return unknown("token_id");
  const access = await deps.store.findAccessToken(rowId);
  if (access.token !== undefined) return selectionOf(tokenUnit(tokenId, deps.issuer));
  const refresh = await deps.store.findRefreshToken(rowId);
  if (refresh.token === undefined) return unknown("token_id");
  return selectionOf(grantUnit(refresh.token.grantId, deps.issuer));
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
