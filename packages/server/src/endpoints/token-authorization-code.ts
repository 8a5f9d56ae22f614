// grant_type=authorization_code: RFC 6749 section 4.1.3 with PKCE (RFC 7636), OpenID Connect Core section 3.1.3. A code
// works once; its second use ends what the first one made (THREATS AC-01, AC-02).

import { createHash } from "node:crypto";
import { isCodeVerifier, parseToken, type Refusal, refuse } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import { type Caller, type PresentedCode, redeem } from "./token-code-redemption.ts";

const invalid = refuse("invalid_grant", "The code is expired, revoked, used or not this client's.");

export async function authorizationCode(
  request: FormRequest,
  caller: Caller,
  deps: Dependencies,
): Promise<Answer> {
  const text = request.form.get("code");
  if (text === undefined) return oauthRefusal(refuse("invalid_request", "code is missing."));
  if (!caller.client.grantTypes.includes("authorization_code"))
    return oauthRefusal(
      refuse("unauthorized_client", "This client is not registered for the grant type authorization_code."),
    );
  const hashedVerifier = hashOf(request.form.get("code_verifier"));
  if (typeof hashedVerifier === "object") return oauthRefusal(hashedVerifier);
  const asked = {
    grantType: "authorization_code",
    redirectUri: request.form.get("redirect_uri"),
    resource: request.form.get("resource"),
    hashedVerifier,
    caller,
    invalid,
  } as const;
  for (;;) {
    const presented = await presentedCode(text, deps);
    if (presented === undefined) return oauthRefusal(invalid);
    const answer = await redeem(presented, asked, deps);
    if (answer !== "lost") return answer;
  }
}

/** Base64url of the SHA-256 of `code_verifier`; undefined if none was sent. */
function hashOf(verifier: string | undefined): string | undefined | Refusal {
  if (verifier === undefined) return undefined;
  if (!isCodeVerifier(verifier))
    return refuse("invalid_grant", "code_verifier must be 43 to 128 letters, digits, '-', '.', '_' or '~'.");
  return createHash("sha256").update(verifier).digest("base64url");
}

/** The code with its session and person; undefined unless it is genuine. */
async function presentedCode(text: string, deps: Dependencies): Promise<PresentedCode | undefined> {
  const parsed = parseToken(text);
  if (parsed?.kind !== "code") return undefined;
  const found = await deps.store.findCode(parsed.rowId);
  const { code } = found;
  if (code === undefined || !deps.hashing.matches(text, code.digest)) return undefined;
  return { ...found, code };
}
