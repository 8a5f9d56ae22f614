// /oauth2/device_authorization: RFC 8628 section 3.1. What a device asks for is judged in full before a person is
// troubled with it.

import { randomBytes } from "node:crypto";
import {
  chooseTarget,
  deviceCodeGrant,
  deviceCodeLife,
  formatUserCode,
  pollingInterval,
  readDeviceRequest,
  refuse,
} from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type FormRequest, noStore, ok } from "../http/answer.ts";
import { oauthRefusal, oauthTooMany } from "../http/respond.ts";
import { newToken } from "../keys/digest.ts";
import { authenticateClient } from "../tokens/authenticate-client.ts";

export async function authorizeDevice(request: FormRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const caller = await authenticateClient(request, head, deps);
  if (caller.kind === "too-many") return oauthTooMany(caller.retryAfter);
  if (caller.kind === "refuse") return oauthRefusal(caller);
  const { client } = caller;
  if (!client.grantTypes.includes(deviceCodeGrant))
    return oauthRefusal(
      refuse("unauthorized_client", `This client is not registered for the grant type ${deviceCodeGrant}.`),
    );
  const id = deps.store.nextId();
  const issuedAt = Math.floor(deps.now() / 1000);
  const expiresAt = issuedAt + deviceCodeLife;
  const asked = readDeviceRequest(request.form, client, { id, userCode: "", expiresAt });
  if (asked.kind === "refuse") return oauthRefusal(asked);
  const target = chooseTarget({
    client,
    issuer: deps.issuer,
    asked: asked.resource,
    scopes: asked.scopes,
    allowed: client.scopes,
    resources: await deps.catalog.resources(head),
  });
  if ("kind" in target) return oauthRefusal(target);

  const deviceCode = newToken("device", id);
  const device = {
    id,
    clientId: client.clientId,
    parameters: kept(request.form),
    rev: head.position.seq,
    issuedAt,
    expiresAt,
    interval: pollingInterval,
  };
  const digest = deps.hashing.digest(deviceCode);
  let userCode: string;
  do {
    userCode = formatUserCode(randomBytes(32));
  } while (
    !(await deps.store.issueDeviceCode({ device, digest, userDigest: deps.hashing.digest(userCode) }))
  );
  const page = `${deps.issuer}/device`;
  return ok(
    {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${userCode}`,
      expires_in: deviceCodeLife,
      interval: pollingInterval,
    },
    noStore,
  );
}

function kept(form: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...form].filter(([name]) => name === "scope" || name === "resource"));
}
