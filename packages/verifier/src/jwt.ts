// The compact form of a signed JWT, before anything in it is believed: RFC 7515 section 7.1, RFC 8725. Refuses what a
// token of ours never has; that its signature is good is for `verify` to say.

import { membersOf, parseJson } from "./json.ts";
import { decodeBase64url } from "./native-base64url.ts";
import { hasUniqueMembers } from "./unique-members.ts";

/** Characters a token may have: checked before anything is parsed. */
export const longestToken = 8192;

export interface JwtHeader {
  readonly alg: string;
  readonly kid: string;
}

/** Header parameters that bring key material or change how the token is read. None is ever needed here. */
const refusedParameters = ["crit", "jwk", "jku", "x5u", "x5c", "b64", "enc", "zip"];

const strictly = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What the header of a kind of token looks like. */
export interface JwtForm {
  /** In lower case; undefined where `typ` may be missing. */
  readonly types: readonly (string | undefined)[];
  readonly kid: RegExp;
}

/** RFC 9068 section 2.1; `JWT` for resources that ask for it. */
export const accessTokenForm: JwtForm = {
  types: ["at+jwt", "application/at+jwt", "jwt"],
  kid: /^[\w.~-]{1,255}$/,
};

/**
 * What other issuers give: `typ` is often missing (Cognito) or their own (Okta), `kid` may be base64 (Cognito). What
 * says that it is something else, a logout token or a proof, is still none.
 */
export const foreignTokenForm: JwtForm = {
  types: [...accessTokenForm.types, "application/okta-internal-at+jwt", undefined],
  kid: /^[\x21-\x7e]{1,255}$/,
};

/** Whether a text is a JOSE object: its first part begins with `{"` or `{ `. Cheap, since every check of a token asks. */
export function isJose(text: string): boolean {
  return text.startsWith("ey") && text.includes(".");
}

/** A text as a JWT is written, with nothing in it believed yet. */
export interface UnverifiedJwt {
  readonly text: string;
  /** The bytes of each part; undefined for one that is not canonical base64url, or missing. */
  readonly header: Uint8Array | undefined;
  readonly payload: Uint8Array | undefined;
  readonly signature: Uint8Array | undefined;
  readonly parts: number;
}

/** Takes a token apart, once: nobody after this decodes it again. */
export function readJwt(text: string): UnverifiedJwt {
  const parts = text.length > longestToken ? [] : text.split(".", 4);
  const [header, payload, signature] = parts.map(decodeBase64url);
  return { text, header, payload, signature, parts: parts.length };
}

/** A JWT whose form is right; whether it is genuine is for its signature to say. */
export interface WellFormedJwt extends JwtHeader {
  readonly text: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Reads the header of a token whose three parts are canonical base64url (spare bits unset, no padding), so that one
 * token has one spelling only. Undefined for anything else.
 */
export function readForm(jwt: UnverifiedJwt, form: JwtForm): WellFormedJwt | undefined {
  const { text, header, payload, signature, parts } = jwt;
  if (parts !== 3 || header === undefined || payload === undefined) return undefined;
  if (signature === undefined || signature.length === 0) return undefined;
  const { alg, kid, typ, ...others } = membersOf(parseBytes(header));
  if (typeof alg !== "string" || typeof kid !== "string" || !form.kid.test(kid)) return undefined;
  if (typ !== undefined && typeof typ !== "string") return undefined;
  if (!form.types.includes(typ?.toLowerCase())) return undefined;
  if (refusedParameters.some((name) => Object.hasOwn(others, name))) return undefined;
  return { alg, kid, text, payload, signature };
}

/** The JSON value of strict UTF-8 without a member that stands twice; undefined for anything else. */
export function parseBytes(bytes: Uint8Array): unknown {
  try {
    const text = strictly.decode(bytes);
    const value = parseJson(text);
    return value !== undefined && hasUniqueMembers(text) ? value : undefined;
  } catch {
    return undefined;
  }
}
