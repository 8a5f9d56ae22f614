// The handlers of the admin API by the names of the contract's route table.

import type { RouteName } from "@rescind/admin-api";
import { exportAudit, listAudit, verifyAudit } from "./audit.ts";
import { revokeMany } from "./bulk.ts";
import {
  approveClient,
  changeClient,
  createClient,
  deleteClient,
  listClients,
  readClient,
  suspendClient,
} from "./clients.ts";
import { approveKey, createKey, suspendKey } from "./consumer-keys.ts";
import { listDeliveries, resendDelivery } from "./deliveries.ts";
import { explainToken } from "./explain.ts";
import { readGrantFamily } from "./grant-family.ts";
import { listGrants, openGrant } from "./grants.ts";
import { withIdempotency } from "./idempotency.ts";
import { importToken } from "./imported-tokens.ts";
import { listIssuers, putIssuer } from "./issuers.ts";
import { deleteKey, rotateKey } from "./key-endings.ts";
import { lift } from "./lift.ts";
import type { AdminHandler } from "./request.ts";
import { listResources, putResource } from "./resources.ts";
import { listRevocations, revoke } from "./revocations.ts";
import { listConsents, listSessions } from "./sessions.ts";
import { readSettings } from "./settings.ts";
import { createSetupLink } from "./setup-links.ts";
import { listSigningKeys, rotateSigningKeys } from "./signing-keys.ts";
import {
  cancelSubscription,
  createSubscription,
  listSubscriptions,
  readSubscription,
} from "./subscriptions.ts";
import { listTokens } from "./tokens.ts";
import {
  changeUpstream,
  checkUpstreamNow,
  createUpstream,
  deleteUpstream,
  listUpstreams,
  listUpstreamTokens,
  readUpstream,
  removeIdentity,
  retryUpstreamToken,
} from "./upstreams.ts";
import { readUserSignIn, resetFactors } from "./user-factors.ts";
import { changeUser, createUser, deleteUser, listUsers, readUser } from "./users.ts";
import { readVerifierHistory } from "./verifier-history.ts";
import { listVerifiers } from "./verifiers.ts";

export const adminHandlers: Readonly<Record<RouteName, AdminHandler>> = {
  createClient: withIdempotency(createClient),
  listClients,
  readClient,
  changeClient,
  deleteClient,
  suspendClient: withIdempotency(suspendClient),
  approveClient: withIdempotency(approveClient),
  createKey: withIdempotency(createKey),
  suspendKey: withIdempotency(suspendKey),
  approveKey: withIdempotency(approveKey),
  deleteKey,
  rotateKey: withIdempotency(rotateKey),
  putResource: withIdempotency(putResource),
  listResources,
  putIssuer: withIdempotency(putIssuer),
  listIssuers,
  createUser: withIdempotency(createUser),
  listUsers,
  readUser,
  changeUser,
  deleteUser,
  createSetupLink: withIdempotency(createSetupLink),
  readUserSignIn,
  resetFactors,
  listSessions,
  listConsents,
  openGrant: withIdempotency(openGrant),
  listGrants,
  readGrantFamily,
  listTokens,
  importToken: withIdempotency(importToken),
  revoke: withIdempotency(revoke),
  revokeMany: withIdempotency(revokeMany),
  listRevocations,
  lift: withIdempotency(lift),
  explain: explainToken,
  listAudit,
  verifyAudit,
  exportAudit,
  listVerifiers,
  readVerifierHistory,
  readSettings,
  listSigningKeys,
  rotateSigningKeys: withIdempotency(rotateSigningKeys),
  createSubscription: withIdempotency(createSubscription),
  listSubscriptions,
  readSubscription,
  cancelSubscription,
  listDeliveries,
  resendDelivery: withIdempotency(resendDelivery),
  createUpstream: withIdempotency(createUpstream),
  listUpstreams,
  readUpstream,
  changeUpstream,
  deleteUpstream,
  checkUpstream: checkUpstreamNow,
  listUpstreamTokens,
  retryUpstreamToken: withIdempotency(retryUpstreamToken),
  removeIdentity,
};
