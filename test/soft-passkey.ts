// A passkey without a browser: answers challenges as WebAuthn says, or as an attacker's program would. ES256, no attestation.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** What differs from what a browser at the right page would answer. */
export interface Deviation {
  readonly origin?: string;
  readonly party?: string;
  readonly type?: string;
  /** Of the authenticator: 1 somebody was there, 4 the person was verified. */
  readonly flags?: number;
  readonly count?: number;
  readonly userHandle?: string;
  /** Another one's id instead of its own. */
  readonly id?: string;
}

export interface SoftPasskey {
  readonly id: string;
  /** RegistrationResponseJSON. */
  register(challenge: string, deviation?: Deviation): Record<string, unknown>;
  /** AuthenticationResponseJSON. */
  answer(challenge: string, deviation?: Deviation): Record<string, unknown>;
}

const present = 1;
const verified = 4;
const hasKey = 0x40;

/** @param origin of the pages it belongs to */
export function softPasskey(origin: string): SoftPasskey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const rawId = randomBytes(16);
  const id = rawId.toString("base64url");
  const clientData = (challenge: string, type: string, { origin: at = origin }: Deviation): Buffer =>
    Buffer.from(JSON.stringify({ type, challenge, origin: at, crossOrigin: false }));
  const data = ({ party, flags, count = 0 }: Deviation, more: number, key = Buffer.alloc(0)): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt8((flags ?? present | verified) | more, 0);
    head.writeUInt32BE(count, 1);
    const hash = createHash("sha256").update(party ?? new URL(origin).hostname);
    return Buffer.concat([hash.digest(), head, key]);
  };
  return {
    id,
    register(challenge, deviation = {}) {
      const length = Buffer.from([0, rawId.length]);
      const key = Buffer.concat([Buffer.alloc(16), length, rawId, coseKey(publicKey)]);
      const authData = data(deviation, hasKey, key);
      // {"fmt": "none", "attStmt": {}, "authData": …} as CBOR (RFC 8949).
      const attestation = Buffer.concat([
        Buffer.from([0xa3]),
        text("fmt"),
        text("none"),
        text("attStmt"),
        Buffer.from([0xa0]),
        text("authData"),
        bytes(authData),
      ]);
      const type = deviation.type ?? "webauthn.create";
      return {
        id,
        rawId: id,
        type: "public-key",
        response: {
          clientDataJSON: clientData(challenge, type, deviation).toString("base64url"),
          attestationObject: attestation.toString("base64url"),
          transports: ["internal"],
        },
      };
    },
    answer(challenge, deviation = {}) {
      const client = clientData(challenge, deviation.type ?? "webauthn.get", deviation);
      const authData = data(deviation, 0);
      const signed = Buffer.concat([authData, createHash("sha256").update(client).digest()]);
      const { userHandle } = deviation;
      return {
        id: deviation.id ?? id,
        rawId: deviation.id ?? id,
        type: "public-key",
        response: {
          clientDataJSON: client.toString("base64url"),
          authenticatorData: authData.toString("base64url"),
          signature: sign("sha256", signed, privateKey).toString("base64url"),
          ...(userHandle === undefined ? {} : { userHandle }),
        },
      };
    },
  };
}

/** {1: 2, 3: -7, -1: 1, -2: x, -3: y} (RFC 9053 section 7.1.1). */
function coseKey(publicKey: KeyObject): Buffer {
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const point = (coordinate: string): Buffer => bytes(Buffer.from(coordinate, "base64url"));
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    point(x),
    Buffer.from([0x22]),
    point(y),
  ]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 | value.length]), Buffer.from(value)]);
}

/** In the shortest form, as authenticators write it (CTAP2 section 8). */
function bytes(value: Uint8Array): Buffer {
  const { length } = value;
  return Buffer.concat([
    Buffer.from(length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff]),
    value,
  ]);
}
