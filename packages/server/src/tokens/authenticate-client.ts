// Client authentication at the token, revocation and introspection endpoints: RFC 6749 section 2.3, RFC 7523.
// A suspended client or key fails like a wrong secret.

import {
  type AssertionClaims,
  allowsMethod,
  type Client,
  checkAssertion,
  invalidClient,
  type Judged,
  type PresentedCredential,
  presentedCredential,
  type Refusal,
} from "@rescind/core";
import type { Head } from "@rescind/store";
import { compactVerify, createLocalJWKSet, decodeJwt, type JSONWebKeySet } from "jose";
import type { Dependencies } from "../dependencies.ts";
import type { FormRequest } from "../http/answer.ts";
import { type MatchedKey, matchingKey, renewDigest } from "../keys/key-digest.ts";
import type { ProvenClient } from "./proven-clients.ts";

export interface AuthenticatedClient extends ProvenClient {
  readonly kind: "client";
}

/** Refused without looking at the credential; `retryAfter` is seconds. */
export interface TooMany {
  readonly kind: "too-many";
  readonly retryAfter: number;
}

type Parts = Pick<
  Dependencies,
  | "catalog"
  | "clientFailures"
  | "clientKeys"
  | "configuration"
  | "hashing"
  | "issuer"
  | "log"
  | "now"
  | "provenClients"
  | "standing"
  | "store"
>;

const assertionAlgorithms = [
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
  "Ed25519",
];

const credentialFields = ["client_id", "client_secret", "client_assertion", "client_assertion_type"] as const;

/** The credential a request presents, if it presents exactly one. */
export function credentialOf(request: FormRequest): PresentedCredential | Refusal {
  const { form } = request;
  return presentedCredential(
    {
      authorization: request.authorization,
      client_id: form.get("client_id"),
      client_secret: form.get("client_secret"),
      client_assertion: form.get("client_assertion"),
      client_assertion_type: form.get("client_assertion_type"),
    },
    decodeBase64,
    assertionSubject,
  );
}

/**
 * Authenticates the client of a request. `head` is one read for this request: the client is known as of then, and
 * suspensions up to it count.
 */
export async function authenticateClient(
  request: FormRequest,
  head: Head,
  parts: Parts,
): Promise<AuthenticatedClient | Refusal | TooMany> {
  const header = headerAlone(request);
  const known = header === undefined ? undefined : parts.provenClients.find(header, head, request.repeated);
  if (known !== undefined) return admit(known.client.clientId, { request, head, proof: () => known }, parts);
  const credential = credentialOf(request);
  if (credential.kind === "refuse") return credential;
  const proof = () => proofOf(credential, { header, head }, parts);
  return admit(credential.clientId, { request, head, proof }, parts);
}

interface Admission {
  readonly request: FormRequest;
  readonly head: Head;
  readonly proof: () => ProvenClient | undefined | Promise<ProvenClient | undefined>;
}

/** Whatever the proof is, it is not looked at after too many failures, and does not help who is suspended. */
async function admit(
  clientId: string,
  { request, head, proof }: Admission,
  parts: Parts,
): Promise<AuthenticatedClient | Refusal | TooMany> {
  const name = `${clientId}\n${request.address}`;
  const blockedFor = parts.clientFailures.blockedFor(name, parts.now());
  if (blockedFor !== undefined) return { kind: "too-many", retryAfter: blockedFor };
  const proven = await proof();
  await parts.standing.reach(head);
  if (proven === undefined || isSuspended(proven, head, parts)) {
    await parts.clientFailures.failed(name, parts.now());
    return invalidClient;
  }
  return { kind: "client", client: proven.client, keyId: proven.keyId };
}

/** The Authorization header where nothing else of the request could say who sends it. */
function headerAlone({ authorization, form }: FormRequest): string | undefined {
  return credentialFields.some((name) => form.has(name)) ? undefined : authorization;
}

/** The client that a credential proves to be the one it names. */
async function proofOf(
  credential: PresentedCredential,
  { header, head }: { readonly header: string | undefined; readonly head: Head },
  parts: Parts,
): Promise<ProvenClient | undefined> {
  const registered = await parts.catalog.client(credential.clientId, head);
  const allowed = registered !== undefined && allowsMethod(registered.client, credential);
  switch (credential.kind) {
    case "basic":
    case "post": {
      // Compared for clients that do not exist, too, which takes as long.
      const found = matchingKey(credential.secret, registered?.keys ?? [], parts.hashing);
      if (!allowed || found === undefined) return undefined;
      const proven = { client: registered.client, keyId: found.key.keyId };
      if (found.match === "previous") await renewed(found, credential.secret, parts);
      else if (header !== undefined) parts.provenClients.remember(header, proven, head);
      return proven;
    }
    case "assertion":
      return allowed && (await isAssertionValid(credential.assertion, registered.client, parts))
        ? { client: registered.client, keyId: undefined }
        : undefined;
    case "none":
      return allowed ? { client: registered.client, keyId: undefined } : undefined;
  }
}

/** A store that cannot write now turns no right secret away; the next use tries again. */
async function renewed(found: MatchedKey, secret: string, parts: Parts): Promise<void> {
  try {
    await renewDigest(found, secret, parts);
  } catch (cause) {
    parts.log.warn({ keyId: found.key.keyId, cause: String(cause) }, "digest of a secret not stored anew");
  }
}

async function isAssertionValid(assertion: string, client: Client, parts: Parts): Promise<boolean> {
  try {
    const keys = createLocalJWKSet((await parts.clientKeys(client)) as JSONWebKeySet); // jose checks its shape
    const { payload } = await compactVerify(assertion, keys, { algorithms: assertionAlgorithms });
    const claims = JSON.parse(new TextDecoder().decode(payload)) as AssertionClaims; // members checked by checkAssertion
    const audience = { issuer: parts.issuer, tokenEndpoint: `${parts.issuer}/oauth2/token` };
    const accepted = checkAssertion(claims, client, audience, parts.now() / 1000);
    return (
      accepted !== undefined &&
      (await parts.store.spendAssertion(client.clientId, accepted.jti, accepted.expiresAt))
    );
  } catch (cause) {
    if (cause instanceof Error && cause.name === "StoreUnavailable") throw cause;
    parts.log.info({ clientId: client.clientId, cause: String(cause) }, "client assertion refused");
    return false;
  }
}

function isSuspended({ client, keyId }: ProvenClient, head: Head, parts: Parts): boolean {
  const judged: Judged = {
    issuer: parts.issuer,
    ours: true,
    clientId: client.clientId,
    keyId,
    offline: false,
    rev: Math.max(head.position.seq, parts.standing.seq),
    expiresAt: Number.POSITIVE_INFINITY,
    lineage: [],
  };
  return parts.standing.judge(judged, 0).kind === "revoked";
}

function decodeBase64(text: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "base64"));
  } catch {
    return undefined;
  }
}

function assertionSubject(jwt: string): string | undefined {
  try {
    const { sub } = decodeJwt(jwt);
    return typeof sub === "string" ? sub : undefined;
  } catch {
    return undefined;
  }
}
