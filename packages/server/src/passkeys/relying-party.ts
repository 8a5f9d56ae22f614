// What this server is to authenticators (WebAuthn): the issuer's host. Passkeys belong to a host name and to secure pages,
// so an issuer at an IP address, or at plain http beyond this machine, has none.

import { createHash } from "node:crypto";
import { isIP } from "node:net";

export type RelyingParty =
  | { readonly kind: "on"; readonly id: string; readonly origin: string }
  /** In words for people. */
  | { readonly kind: "off"; readonly why: string };

export function relyingParty(issuer: string): RelyingParty {
  const { hostname, origin, protocol } = new URL(issuer);
  if (isIP(hostname.replaceAll(/[[\]]/g, "")) !== 0)
    return {
      kind: "off",
      why: `Passkeys belong to a host name, and this server is at an address (${hostname}). They work once its issuer has a name, for example http://localhost on one machine.`,
    };
  const isLocal = hostname === "localhost" || hostname.endsWith(".localhost");
  if (protocol !== "https:" && !isLocal)
    return { kind: "off", why: "Passkeys need https, and this server's issuer is at plain http." };
  return { kind: "on", id: hostname, origin };
}

/** What authenticators keep of a person: no name, and as long as WebAuthn allows whatever the subject. */
export function userHandle(subject: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(`passkey ${subject}`).digest());
}
