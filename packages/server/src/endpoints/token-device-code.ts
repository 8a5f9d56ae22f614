// grant_type=urn:ietf:params:oauth:grant-type:device_code: RFC 8628 sections 3.4 and 3.5. A device asks until the person
// has answered; what was allowed is redeemed as a code, once.

import { type DeviceCode, decidePoll, judgedDeviceCode, notKnown, parseToken, refuse } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import { type Caller, type RedemptionRequest, redeem } from "./token-code-redemption.ts";

export async function redeemDeviceCode(
  request: FormRequest,
  caller: Caller,
  deps: Dependencies,
): Promise<Answer> {
  const text = request.form.get("device_code");
  if (text === undefined) return oauthRefusal(refuse("invalid_request", "device_code is missing."));
  const device = await presentedDevice(text, deps);
  if (device === undefined) return oauthRefusal(notKnown);
  const nowMs = deps.now();
  const verdict = deps.standing.judge(judgedDeviceCode(device, deps.issuer), nowMs / 1000);
  const decision = decidePoll({ device, client: caller.client, verdict, nowMs });
  switch (decision.kind) {
    case "refuse":
      return oauthRefusal(decision);
    case "wait":
      await deps.store.notePoll({ id: device.id, atMs: nowMs, interval: decision.interval });
      return oauthRefusal(decision.refusal);
    case "redeem":
      return redeemAllowed(
        decision.codeId,
        {
          grantType: "urn:ietf:params:oauth:grant-type:device_code",
          caller,
          redirectUri: undefined,
          hashedVerifier: undefined,
          resource: request.form.get("resource"),
          invalid: notKnown,
        },
        deps,
      );
  }
}

/** The device code that this is the text of, with this node's memory brought up to the head read with it. */
async function presentedDevice(text: string, deps: Dependencies): Promise<DeviceCode | undefined> {
  const parsed = parseToken(text);
  if (parsed?.kind !== "device") return undefined;
  const { head, device, digest } = await deps.store.findDeviceCode(parsed.rowId);
  if (device === undefined || !deps.hashing.matches(text, digest)) return undefined;
  await deps.standing.reach(head);
  return device;
}

async function redeemAllowed(
  codeId: string,
  request: RedemptionRequest,
  deps: Dependencies,
): Promise<Answer> {
  for (;;) {
    const found = await deps.store.findCode(codeId);
    if (found.code === undefined) return oauthRefusal(notKnown);
    const answer = await redeem({ ...found, code: found.code }, request, deps);
    if (answer !== "lost") return answer;
  }
}
