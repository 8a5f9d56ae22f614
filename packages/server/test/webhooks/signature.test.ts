// Signatures of deliveries: the example of Standard Webhooks, and what of a message they cover.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newWebhookSecret, signatureHeaders } from "../../src/webhooks/signature.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const message = {
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  at: 1614265330,
  body: '{"test": 2432232314}',
};

test("Standard Webhooks: the published example has the published signature", () => {
  assert.deepEqual(signatureHeaders(message, secret), {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("id, time, body and secret: whatever is changed changes the signature", () => {
  const signature = (changes: Partial<typeof message>, key = secret): string | undefined =>
    signatureHeaders({ ...message, ...changes }, key)["webhook-signature"];
  const signatures = [
    signature({}),
    signature({ id: "msg_other" }),
    signature({ at: message.at + 1 }),
    signature({ body: '{"test": 2432232315}' }),
    signature({}, newWebhookSecret()),
  ];
  assert.equal(new Set(signatures).size, signatures.length);
});

test("a new secret is whsec_ and 32 random bytes in base64", () => {
  const secrets = new Set(Array.from({ length: 50 }, newWebhookSecret));
  assert.equal(secrets.size, 50);
  for (const text of secrets) {
    assert.match(text, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal(Buffer.from(text.slice(6), "base64").length, 32);
  }
});
