// The two cookies of a browser: one says which browser this is (256 random bits; transactions and forms are bound to
// it), the other holds its login session. On https both have the prefix `__Host-`, so that no other host can set them.

import { createHash, randomBytes } from "node:crypto";
import type { PageRequest } from "../http/answer.ts";

export interface Browser {
  /** SHA-256 of the cookie in base64url: what goes into forms, from which the cookie cannot be made. */
  readonly hash: string;
  /** The cookie to set, where the browser had none. */
  readonly cookies: readonly string[];
}

type CookieKind = "browser" | "session";

/** What this request's browser is known by; undefined if it sent no such cookie. */
export function knownBrowser(request: PageRequest, issuer: string): Browser | undefined {
  const value = cookieOf(request, "browser", issuer);
  return value === undefined || !/^[\w-]{43}$/.test(value) ? undefined : { hash: hashOf(value), cookies: [] };
}

/** The request's browser, or one that it becomes by the cookie to be set. */
export function browserOf(request: PageRequest, issuer: string): Browser {
  const known = knownBrowser(request, issuer);
  if (known !== undefined) return known;
  const value = randomBytes(32).toString("base64url");
  return { hash: hashOf(value), cookies: [setCookie("browser", value, issuer)] };
}

export function cookieOf(request: PageRequest, kind: CookieKind, issuer: string): string | undefined {
  return request.cookies.get(nameOf(kind, issuer));
}

/** `Set-Cookie` for this browser's life: gone when it is closed, whatever the server keeps. */
export function setCookie(kind: CookieKind, value: string, issuer: string): string {
  return `${nameOf(kind, issuer)}=${value}; ${attributes(issuer)}`;
}

/** `Set-Cookie` that removes it. */
export function clearCookie(kind: CookieKind, issuer: string): string {
  return `${nameOf(kind, issuer)}=; Max-Age=0; ${attributes(issuer)}`;
}

function nameOf(kind: CookieKind, issuer: string): string {
  return isSecure(issuer) ? `__Host-rescind_${kind}` : `rescind_${kind}`;
}

function attributes(issuer: string): string {
  return `Path=/; HttpOnly; SameSite=Lax${isSecure(issuer) ? "; Secure" : ""}`;
}

function isSecure(issuer: string): boolean {
  return issuer.startsWith("https:");
}

function hashOf(value: string): string {
  return createHash("sha256").update(value).digest("base64url");
}
