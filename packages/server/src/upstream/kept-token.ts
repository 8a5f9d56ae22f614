// What is kept of a sign-in at a provider: the one token by which all of it can be taken back there, sealed. The rest of
// the answer is forgotten with the request.

import type { RowId } from "@rescind/core";
import type { StoredUpstream } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { UpstreamTokens } from "./provider.ts";
import { upstreamTokenPurpose } from "./revoker.ts";

export interface Kept {
  readonly provider: StoredUpstream;
  readonly tokens: UpstreamTokens;
  /** Empty: nobody was signed in. */
  readonly subject: string;
  /** Given where nothing will hang on it: it is revoked at once. */
  readonly endedBy?: "identity_linked" | "refused" | undefined;
}

/** Undefined where the provider revokes no tokens: then none is kept. */
export async function keepToken(
  { provider, tokens: { token }, subject, endedBy }: Kept,
  deps: Pick<Dependencies, "now" | "seal" | "store" | "upstreams">,
): Promise<RowId | undefined> {
  if (token === undefined) return undefined;
  const id = deps.store.nextId();
  const atMs = deps.now();
  await deps.store.keepUpstreamToken({
    id,
    upstreamRow: provider.row,
    subject,
    kind: token.kind,
    sealed: deps.seal.seal(upstreamTokenPurpose(id), Buffer.from(token.text)),
    createdAtMs: atMs,
    expiresAt:
      token.expiresIn === undefined ? undefined : Math.floor(atMs / 1000) + Math.floor(token.expiresIn),
    endedBy,
  });
  if (endedBy !== undefined) deps.upstreams.wake();
  return id;
}
