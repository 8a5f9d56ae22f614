// Device codes and user codes: what is stored of each, what they look like, and what a device that asks gets.
// RFC 8628. What a person allowed is an authorization code from then on (authorization-code.ts): it is judged, redeemed
// and replayed as one.

import type { AuthorizationRequest, DeviceAddress } from "./authorization-request.ts";
import type { Client } from "./client.ts";
import type { Verdict } from "./liveness.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { parseScope } from "./scope.ts";
import type { RowId } from "./token-format.ts";
import type { Judged } from "./units.ts";

export const deviceCodeGrant = "urn:ietf:params:oauth:grant-type:device_code";

/** Seconds. */
export const deviceCodeLife = 600;
/** Seconds between two requests of a device; RFC 8628 section 3.2. */
export const pollingInterval = 5;
/** Milliseconds that a device may be early: its timers are not ours. */
const earlyMs = 500;
/** No vowels, so that no words come out, and nothing that is easily taken for something else (section 6.1). */
const letters = "BCDFGHJKLMNPQRSTVWXZ";
const lettersPerCode = 8;

export interface DeviceCode {
  readonly id: RowId;
  readonly clientId: string;
  /** As they were asked for, checked against the client; judged again when the person answers. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly rev: number;
  /** Seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Seconds that the device must wait between two requests; grows when it does not. */
  readonly interval: number;
  /** Milliseconds since 1970; undefined before the first request. */
  readonly polledAtMs: number | undefined;
  readonly isDenied: boolean;
  /** The authorization code that a person's yes has made. */
  readonly codeId: RowId | undefined;
}

export interface PollFacts {
  readonly device: DeviceCode;
  /** The client that authenticated. */
  readonly client: Client;
  readonly verdict: Verdict;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export type PollDecision =
  | { readonly kind: "redeem"; readonly codeId: RowId }
  /** Remember the request and the interval from now on (seconds), then refuse. */
  | { readonly kind: "wait"; readonly interval: number; readonly refusal: Refusal }
  | Refusal;

/** Decides what a device gets that asks for its tokens: RFC 8628 section 3.5. */
export function decidePoll({ device, client, verdict, nowMs }: PollFacts): PollDecision {
  if (!client.grantTypes.includes(deviceCodeGrant))
    return refuse("unauthorized_client", "This client is not registered for the device code grant.");
  if (device.clientId !== client.clientId) return notKnown;
  // What was allowed is a code: spent, expired or revoked, it is judged as one.
  if (device.codeId !== undefined) return { kind: "redeem", codeId: device.codeId };
  if (device.isDenied) return refuse("access_denied", "The person did not allow this.");
  if (verdict.kind === "expired")
    return refuse("expired_token", "The device code has expired; ask for another one.");
  if (verdict.kind !== "live") return notKnown;
  const { interval, polledAtMs } = device;
  const isEarly = polledAtMs !== undefined && nowMs < polledAtMs + interval * 1000 - earlyMs;
  if (!isEarly)
    return {
      kind: "wait",
      interval,
      refusal: refuse("authorization_pending", "The person has not answered yet; ask again."),
    };
  const longer = interval + pollingInterval;
  const description = `Too early: wait ${longer} seconds between two requests.`;
  return { kind: "wait", interval: longer, refusal: refuse("slow_down", description) };
}

/** Of a device code that was never given out, is revoked, used or another client's. */
export const notKnown: Refusal = refuse(
  "invalid_grant",
  "The device code is unknown, revoked, used or not this client's.",
);

/** What the rule judges of a device code that nobody has answered: only its client is known. */
export function judgedDeviceCode(device: DeviceCode, issuer: string): Judged {
  return {
    issuer,
    ours: true,
    clientId: device.clientId,
    offline: false,
    rev: device.rev,
    authorisedAt: device.issuedAt,
    expiresAt: device.expiresAt,
    lineage: [],
  };
}

/** Checks what a device asks for, as `readAuthorizationRequest` does for a browser. The person is always asked. */
export function readDeviceRequest(
  parameters: ReadonlyMap<string, string>,
  client: Client,
  device: Omit<DeviceAddress, "responseMode">,
): AuthorizationRequest | Refusal {
  const scopes = parseScope(parameters.get("scope"));
  if ("kind" in scopes) return scopes;
  return {
    kind: "request",
    clientId: client.clientId,
    to: { responseMode: "device", ...device },
    sentRedirectUri: undefined,
    scopes,
    resource: parameters.get("resource"),
    nonce: undefined,
    prompts: new Set(["consent"]),
    maxAge: undefined,
    loginHint: undefined,
    idTokenHint: undefined,
    codeChallenge: undefined,
  };
}

/**
 * Writes a user code. `random` are bytes from a cryptographic source; each letter is drawn from one byte below 240.
 * @throws RangeError if the bytes run out; 32 are enough
 */
export function formatUserCode(random: Uint8Array): string {
  const drawn = [...random].filter((byte) => byte < 240).slice(0, lettersPerCode);
  if (drawn.length < lettersPerCode) throw new RangeError("not enough random bytes for a user code");
  return shown(drawn.map((byte) => letters[byte % letters.length] ?? "").join(""));
}

/** A user code as it was given out, of whatever a person has typed; undefined for what can be none. */
export function parseUserCode(typed: string): string | undefined {
  const bare = typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
  const isOne = bare.length === lettersPerCode && [...bare].every((letter) => letters.includes(letter));
  return isOne ? shown(bare) : undefined;
}

function shown(bare: string): string {
  return `${bare.slice(0, 4)}-${bare.slice(4)}`;
}
