// The handlers of a person's own calls by the names of the contract's route table.

import type { AccountRouteName } from "@rescind/admin-api";
import { withIdempotency } from "../admin/idempotency.ts";
import type { AdminHandler } from "../admin/request.ts";
import { endApplication, endApplicationScope, listApplications } from "./applications.ts";
import { endGrant, listOwnGrants } from "./grants.ts";
import { linkIdentity, unlinkIdentity } from "./identities.ts";
import { addPasskey, beginPasskey, removePasskey, renamePasskey } from "./passkeys.ts";
import { changePassword } from "./password.ts";
import { readProfile } from "./profile.ts";
import { listOwnRevocations } from "./revocations.ts";
import { endOtherSessions, endSession, listOwnSessions, signOutEverywhere } from "./sessions.ts";
import { readSignIn } from "./sign-in.ts";
import { beginTotp, confirmTotp, makeRecoveryCodes, removeTotp } from "./totp.ts";

export const accountHandlers: Readonly<Record<AccountRouteName, AdminHandler>> = {
  readProfile,
  listApplications,
  endApplication,
  endApplicationScope,
  listOwnGrants,
  endGrant,
  listOwnSessions,
  endSession,
  endOtherSessions: withIdempotency(endOtherSessions),
  signOutEverywhere: withIdempotency(signOutEverywhere),
  listOwnRevocations,
  changePassword: withIdempotency(changePassword),
  readSignIn,
  beginPasskey: withIdempotency(beginPasskey),
  addPasskey: withIdempotency(addPasskey),
  renamePasskey,
  removePasskey,
  beginTotp: withIdempotency(beginTotp),
  confirmTotp: withIdempotency(confirmTotp),
  removeTotp,
  makeRecoveryCodes: withIdempotency(makeRecoveryCodes),
  linkIdentity,
  unlinkIdentity,
};
