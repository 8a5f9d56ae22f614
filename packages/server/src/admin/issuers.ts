// Foreign issuers: /admin/v1/issuers. Registering one again replaces its settings; the orders about its tokens stand.

import {
  type FieldError,
  formatTimeMs,
  type IssuerAnswer,
  type IssuerItem,
  type NewIssuer,
} from "@rescind/admin-api";
import { type ForeignIssuer, foreignTokenTtlCap } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { administrator } from "./administrator.ts";
import { heldList } from "./list-page.ts";
import { checkOutsideUrl } from "./outside-url.ts";
import { invalidFields } from "./refusal.ts";
import type { RegistrationRules } from "./registration.ts";
import type { AdminRequest } from "./request.ts";

export async function putIssuer(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewIssuer; // checked against the contract's schema
  const issuer = issuerFromRequest(body, deps.issuer, deps.configuration);
  if (Array.isArray(issuer)) return invalidFields(issuer);
  const atMs = deps.now();
  await deps.store.putIssuer(issuer, atMs);
  const content = issuerAnswer(issuer);
  await deps.store.recordAudit({ action: "issuer.put", actor: administrator(request), atMs, content });
  return { status: 201, body: content };
}

export async function listIssuers(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const all = await deps.store.listIssuers();
  return heldList(
    { all, keyOf: ({ issuer }) => issuer, shown: issuerItem },
    request.query as object, // checked against the contract's schema
  );
}

/** The issuer that a request describes, or what is wrong with it. `own`: this server's. */
export function issuerFromRequest(
  body: NewIssuer,
  own: string,
  rules: RegistrationRules,
): ForeignIssuer | FieldError[] {
  const errors = [
    checkName(body.issuer, own),
    checkOutsideUrl("/issuer", body.issuer, rules),
    checkOutsideUrl("/jwks_uri", body.jwks_uri, rules),
  ].filter((error) => error !== undefined);
  if (errors.length > 0) return errors;
  return {
    issuer: body.issuer,
    jwksUri: body.jwks_uri,
    maxTokenTtl: body.max_token_ttl ?? foreignTokenTtlCap,
  };
}

/** Nothing is fetched by the issuer's name, but one that nobody outside could have is a mistake. */
function checkName(issuer: string, own: string): FieldError | undefined {
  const pointer = "/issuer";
  if (issuer.replace(/\/$/, "") === own.replace(/\/$/, ""))
    return { pointer, detail: "This is this server itself; its own tokens need no registration." };
  return issuer.includes("?") ? { pointer, detail: "An issuer has no query (RFC 8414)." } : undefined;
}

function issuerAnswer(issuer: ForeignIssuer): IssuerAnswer {
  return { issuer: issuer.issuer, jwks_uri: issuer.jwksUri, max_token_ttl: issuer.maxTokenTtl };
}

function issuerItem(issuer: ForeignIssuer & { readonly createdAtMs: number }): IssuerItem {
  return { ...issuerAnswer(issuer), created_at: formatTimeMs(issuer.createdAtMs) };
}
