// A person's identities at upstream providers as they are shown, and the providers at which one could be linked.

import { formatTimeMs, type Identity as IdentityAnswer } from "@rescind/admin-api";
import { formatId } from "@rescind/core";
import type { Head, StoredUpstream } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";

export interface ShownIdentities {
  readonly identities: IdentityAnswer[];
  readonly providers: { readonly upstream_id: string; readonly name: string }[];
}

/** `head` was read for this request. */
export async function identitiesOf(
  subject: string,
  head: Head,
  deps: Dependencies,
): Promise<ShownIdentities> {
  const registered = await deps.catalog.upstreams(head);
  const byRow = new Map(registered.map((provider) => [provider.row, provider.upstream]));
  const found = await deps.store.listIdentities(subject);
  const linked = new Set(found.map(({ upstreamRow }) => upstreamRow));
  const identities = found.flatMap((identity): IdentityAnswer[] => {
    const upstream = byRow.get(identity.upstreamRow);
    if (upstream === undefined) return [];
    return [
      {
        identity_id: formatId("identity", identity.id),
        upstream_id: upstream.upstreamId,
        name: upstream.name,
        email: identity.email ?? null,
        username: identity.username ?? null,
        linked_at: formatTimeMs(identity.linkedAtMs),
        last_used_at: identity.lastUsedMs === undefined ? null : formatTimeMs(identity.lastUsedMs),
      },
    ];
  });
  const providers = enabledProviders(registered)
    .filter(({ row }) => !linked.has(row))
    .map(({ upstream }) => ({ upstream_id: upstream.upstreamId, name: upstream.name }));
  return { identities, providers };
}

export function enabledProviders(registered: readonly StoredUpstream[]): readonly StoredUpstream[] {
  return registered.filter(({ upstream }) => upstream.isEnabled);
}
