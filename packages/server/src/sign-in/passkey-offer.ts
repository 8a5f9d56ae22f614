// The button "Use a passkey" of a page: its challenge belongs to the transaction and lives as long.

import type { Passkey } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { PasskeyForm } from "../pages/passkey-form.ts";
import { newChallenge } from "../passkeys/challenge.ts";
import { relyingParty } from "../passkeys/relying-party.ts";
import { sealedFields, type Transaction } from "./transaction.ts";

/** Undefined where this server takes no passkeys. `known`: those of a person who has passed the first step. */
export function offerPasskey(
  transaction: Transaction,
  known: readonly Passkey[],
  deps: Pick<Dependencies, "issuer" | "now" | "seal">,
): PasskeyForm | undefined {
  const party = relyingParty(deps.issuer);
  if (party.kind === "off") return undefined;
  const { id, expiresAtMs } = transaction;
  const { challenge, sealed } = newChallenge("passkey/sign-in", id, expiresAtMs - deps.now(), deps);
  return {
    fields: { ...sealedFields(transaction, deps), challenge: sealed },
    challenge,
    party: party.id,
    known: known.map(({ credentialId, transports }) => ({ id: credentialId, transports })),
  };
}
