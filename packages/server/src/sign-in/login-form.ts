// The sign-in page of a transaction, with every way in that there is at this moment.

import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { frameOf } from "../pages/frame.ts";
import { loginPage } from "../pages/login-page.ts";
import { relyingParty } from "../passkeys/relying-party.ts";
import { enabledProviders } from "../upstream/enabled-providers.ts";
import type { Problem } from "./attempts.ts";
import { offerPasskey } from "./passkey-offer.ts";
import { sealedFields, type Transaction } from "./transaction.ts";

export interface LoginFormed {
  readonly transaction: Transaction;
  /** The application's name. */
  readonly client: string;
  readonly username: string;
  /** Signed in already, but asked to prove it once more. */
  readonly again: boolean;
}

export async function loginForm(
  { transaction, ...shown }: LoginFormed,
  problem: Problem | undefined,
  head: Head,
  deps: Dependencies,
): Promise<Answer> {
  const providers = enabledProviders(await deps.catalog.upstreams(head)).map(({ upstream }) => upstream);
  const fields = sealedFields(transaction, deps);
  const party = relyingParty(deps.issuer);
  const noPasskeys = party.kind === "off" ? party.why : undefined;
  const passkey = offerPasskey(transaction, [], deps);
  return loginPage({ ...shown, fields, providers, passkey, noPasskeys, ...problem }, frameOf(deps));
}
