// How a delivery is signed: Standard Webhooks 1.0, symmetric (`v1`). The receiver knows by it who sent the body, that
// nobody changed it, and by the id whether it has seen it before.

import { createHmac, randomBytes } from "node:crypto";

const prefix = "whsec_";

/** A new signing secret: 32 random bytes as text. */
export function newWebhookSecret(): string {
  return prefix + randomBytes(32).toString("base64");
}

export interface SignedMessage {
  /** The delivery's id, the same at each attempt. */
  readonly id: string;
  /** Seconds since 1970 of this attempt. */
  readonly at: number;
  readonly body: string;
}

/** The three headers of a delivery. */
export function signatureHeaders(message: SignedMessage, secret: string): Record<string, string> {
  const key = Buffer.from(secret.slice(prefix.length), "base64");
  const signed = `${message.id}.${message.at}.${message.body}`;
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(message.at),
    "webhook-signature": `v1,${createHmac("sha256", key).update(signed).digest("base64")}`,
  };
}
