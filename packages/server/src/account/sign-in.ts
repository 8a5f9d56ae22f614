// GET /account/v1/sign-in: how a person signs in. Administrators read the same of others (admin/user-factors.ts).

import { formatTimeMs, type Identity, type Passkey, type SignInMeans } from "@rescind/admin-api";
import { formatId } from "@rescind/core";
import type { Passkey as StoredPasskey } from "@rescind/store";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { relyingParty } from "../passkeys/relying-party.ts";
import { subjectOf } from "./own-order.ts";

export async function readSignIn(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  return ok(await signInMeans(subjectOf(request), deps));
}

/** Whether there is such a user is the caller's to know. */
export async function signInMeans(subject: string, deps: Dependencies): Promise<SignInMeans> {
  const { passwordHash } = await deps.store.findUser(subject);
  const { passkeys, totp, recoveryCodes } = await deps.store.findFactors(subject);
  const party = relyingParty(deps.issuer);
  return {
    password: passwordHash !== undefined,
    passkeys: passkeys.map(passkeyItem),
    passkeys_unavailable: party.kind === "off" ? party.why : null,
    totp: totp === undefined ? null : { since: formatTimeMs(totp.sinceMs) },
    recovery_codes:
      recoveryCodes === undefined
        ? null
        : {
            left: recoveryCodes.left,
            of: recoveryCodes.of,
            created_at: formatTimeMs(recoveryCodes.createdAtMs),
          },
    ...(await identitiesOf(subject, deps)),
    as_of: formatTimeMs(deps.now()),
  };
}

export function passkeyItem(passkey: StoredPasskey): Passkey {
  return {
    passkey_id: formatId("passkey", passkey.id),
    name: passkey.name,
    created_at: formatTimeMs(passkey.createdAtMs),
    last_used_at: passkey.lastUsedMs === undefined ? null : formatTimeMs(passkey.lastUsedMs),
    backed_up: passkey.isBackedUp,
    transports: [...passkey.transports],
  };
}

/** Those that are linked, and the providers at which another could be. */
async function identitiesOf(
  subject: string,
  { store }: Pick<Dependencies, "store">,
): Promise<Pick<SignInMeans, "identities" | "providers">> {
  const linked = await store.listIdentities(subject);
  const providers = await store.listUpstreams();
  const identities = linked.flatMap((identity): Identity[] => {
    const provider = providers.find(({ row }) => row === identity.upstreamRow);
    if (provider === undefined) return [];
    return [
      {
        identity_id: formatId("identity", identity.id),
        upstream_id: provider.upstream.upstreamId,
        name: provider.upstream.name,
        email: identity.email ?? null,
        username: identity.username ?? null,
        linked_at: formatTimeMs(identity.linkedAtMs),
        last_used_at: identity.lastUsedMs === undefined ? null : formatTimeMs(identity.lastUsedMs),
      },
    ];
  });
  const open = providers.filter(
    ({ row, upstream }) => upstream.isEnabled && !linked.some(({ upstreamRow }) => upstreamRow === row),
  );
  return {
    identities,
    providers: open.map(({ upstream }) => ({ upstream_id: upstream.upstreamId, name: upstream.name })),
  };
}
