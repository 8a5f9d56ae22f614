// What came of one grant: GET /admin/v1/grants/{grant_id}/family. The code it was opened with, every refresh token that
// is still stored, spent ones too, its access tokens, and what was exchanged from them over any number of levels. Tells
// whether it is whole; tokens that upkeep has removed after their end cannot be told any more.

import {
  type ExchangedItem,
  type FamilyRefreshItem,
  formatTime,
  formatTimeMs,
  type GrantFamily,
} from "@rescind/admin-api";
import {
  type AccessToken,
  formatId,
  type Grant,
  type Judged,
  judgedAccessToken,
  judgedRefreshToken,
} from "@rescind/core";
import type { FamilyRefreshToken } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { grantItem } from "./grants.ts";
import { refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";
import { tokenItem } from "./tokens.ts";

/** Access tokens, the newest ones. */
const most = 200;

type Status = "live" | "expired" | "revoked";

export async function readGrantFamily(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { grant_id: grantId } = request.params as { grant_id: string }; // checked against the contract's schema
  const { store, issuer, hashing } = deps;
  const head = await store.head();
  await deps.standing.reach(head);
  const atMs = deps.now();
  const at = atMs / 1000;
  const [grant] = (await store.listGrants({ grantId }, { limit: 1, cursor: undefined }, at)).items;
  if (grant === undefined) return refused("not-found", "There is no such grant.");
  const [access, found] = await Promise.all([
    store.listTokens({ grantId, kind: "access" }, { limit: most, cursor: undefined }, at),
    store.findFamily(grantId, hashing.fingerprint({ name: "grant", issuer, value: grantId })),
  ]);
  const { tokens } = await store.findAccessTokens(found.exchanged);
  const exchanged = found.exchanged.flatMap((id) => tokens.get(id) ?? []);
  const statusOf = (judged: Judged): Status => judgement(deps, judged, at);
  const parents = parentsOf(exchanged, [...access.items, ...exchanged], deps);
  const family: GrantFamily = {
    grant: grantItem(grant),
    ...(found.code === undefined
      ? {}
      : { code: { device: found.code.isOfDevice, issued_at: formatTime(found.code.issuedAt) } }),
    refresh_tokens: found.refreshTokens.map((token) => refreshItem(token, grant, deps.issuer, statusOf)),
    access_tokens: access.items.map(tokenItem),
    exchanged_tokens: exchanged.map((token) =>
      exchangedItem(token, parents.get(token.id) ?? [], statusOf(judgedAccessToken(token, issuer))),
    ),
    whole: found.isWhole && access.next === undefined,
    at: formatTimeMs(atMs),
    head: head.position.seq,
  };
  return ok(family);
}

function judgement({ standing }: Dependencies, judged: Judged, at: number): Status {
  const { kind } = standing.judge(judged, at);
  return kind === "expired" || kind === "revoked" ? kind : "live";
}

function refreshItem(
  token: FamilyRefreshToken,
  grant: Grant,
  issuer: string,
  statusOf: (judged: Judged) => Status,
): FamilyRefreshItem {
  const { id, issuedAt, expiresAt, spentAtMs, successorId } = token;
  return {
    token_id: formatId("token", id),
    status: spentAtMs === undefined ? statusOf(judgedRefreshToken(token, grant, issuer)) : "spent",
    issued_at: formatTime(issuedAt),
    expires_at: formatTime(Math.min(expiresAt, grant.expiresAt)),
    ...(spentAtMs === undefined ? {} : { spent_at: formatTimeMs(spentAtMs) }),
    ...(successorId === undefined ? {} : { successor_id: formatId("token", successorId) }),
  };
}

function exchangedItem(token: AccessToken, parents: readonly string[], status: Status): ExchangedItem {
  return {
    token_id: formatId("token", token.id),
    format: token.kid === undefined ? "opaque" : "jwt",
    client_id: token.clientId,
    subject: token.subject,
    scope: token.scopes.join(" "),
    audience: [...token.audience],
    issued_at: formatTime(token.issuedAt),
    expires_at: formatTime(token.expiresAt),
    status,
    exchanged_from: [...parents],
  };
}

/**
 * By row id the tokens that each was exchanged from, of those that are known: the ones in its lineage that are not in
 * the lineage of another one there.
 */
function parentsOf(
  exchanged: readonly AccessToken[],
  known: readonly { readonly id: string; readonly lineage?: readonly string[] }[],
  { issuer, hashing }: Pick<Dependencies, "hashing" | "issuer">,
): ReadonlyMap<string, readonly string[]> {
  const byFingerprint = new Map(
    known.map((token) => {
      const tokenId = formatId("token", token.id);
      const fp = hashing.fingerprint({ name: "token", issuer, value: tokenId });
      return [fp, { tokenId, fp, lineage: token.lineage ?? [] }] as const;
    }),
  );
  return new Map(
    exchanged.map(({ id, lineage }) => {
      const before = lineage.flatMap((fp) => byFingerprint.get(fp) ?? []);
      const nearest = before.filter(({ fp }) => !before.some((other) => other.lineage.includes(fp)));
      return [id, nearest.map(({ tokenId }) => tokenId)];
    }),
  );
}
