// `rescind revoke --issuer URL TOKEN`: revokes a token at any provider's own endpoint (RFC 7009), found by discovery; for tokens that are not ours.

import { text } from "node:stream/consumers";
import { fetchWithin, jsonObject } from "./exchange.ts";
import { refused, unavailable, wrongUsage } from "./failure.ts";
import { printJson, printMembers } from "./output.ts";
import { tokenFrom } from "./parameters.ts";
import { patiently } from "./patience.ts";
import { discover, type Provider } from "./provider.ts";

export interface ForeignRevocation {
  readonly issuer: string;
  readonly token: string;
  readonly tokenTypeHint: string | undefined;
  readonly clientId: string;
  /** None: a public client, which names itself. */
  readonly clientSecret: string | undefined;
}

export interface ForeignReceipt {
  readonly issuer: string;
  readonly revocation_endpoint: string;
  readonly status: "accepted";
  /** What that means, and what it does not. */
  readonly meaning: string;
}

export interface ElsewhereOptions {
  readonly token?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly tokenTypeHint?: string;
  readonly json?: boolean;
}

/** @param argument the token, where it is not given by `--token` */
export async function revokeAtProvider(
  issuer: string,
  argument: string | undefined,
  options: ElsewhereOptions,
): Promise<void> {
  const { clientId, tokenTypeHint, json = false } = options;
  if (clientId === undefined)
    throw wrongUsage("--issuer with a token asks that provider: name its client with --client-id");
  if ([argument, options.token, options.clientSecret].filter((text) => text === "-").length > 1)
    throw wrongUsage("standard input holds the token or the secret, not both");
  const clientSecret = await secretFrom(options.clientSecret, clientId);
  const token = await tokenFrom(argument, options.token);
  if (token === undefined) throw wrongUsage("which token?");
  const receipt = await revokeElsewhere({ issuer, token, tokenTypeHint, clientId, clientSecret });
  if (json) printJson(receipt);
  else printMembers({ issuer, "asked at": receipt.revocation_endpoint, accepted: receipt.meaning });
}

/** `-` keeps it out of the process list: asked for on a terminal, else read from standard input. */
async function secretFrom(option: string | undefined, clientId: string): Promise<string | undefined> {
  if (option !== "-") return option;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    const read = (await text(process.stdin)).trim();
    if (read === "") throw wrongUsage("standard input holds no client secret");
    return read;
  }
  const { isCancel, password } = await import("@clack/prompts");
  const answer = await password({ message: `Secret of ${clientId}`, output: process.stderr });
  if (isCancel(answer)) throw refused("nothing was changed");
  return answer;
}

/** Milliseconds for one answer. */
const timeout = 20_000;

/** @throws Failure where the provider refuses, with what its refusal means */
export async function revokeElsewhere(asked: ForeignRevocation): Promise<ForeignReceipt> {
  const provider = await discover(asked.issuer);
  await patiently(() => askProvider(provider, asked));
  return {
    issuer: provider.issuer,
    revocation_endpoint: provider.revocationEndpoint,
    status: "accepted",
    meaning:
      "The provider answered 200: the token is revoked there, or was not valid (RFC 7009 section 2.2). An API that checks JWTs by itself may go on accepting it until it expires.",
  };
}

async function askProvider(provider: Provider, asked: ForeignRevocation): Promise<void> {
  const { token, tokenTypeHint } = asked;
  const { headers, fields } = credentials(provider, asked);
  const response = await fetchWithin(provider.issuer, timeout)(provider.revocationEndpoint, {
    method: "POST",
    headers: { accept: "application/json", ...headers },
    body: new URLSearchParams({
      token,
      ...(tokenTypeHint === undefined ? {} : { token_type_hint: tokenTypeHint }),
      ...fields,
    }),
    redirect: "error",
  });
  if (response.status === 200) return void (await response.body?.cancel());
  const { error, error_description: description } = await jsonObject(response);
  const said = [error, description].filter((text) => typeof text === "string").join(": ");
  throw failureOf(response, typeof error === "string" ? error : "", said);
}

function failureOf(response: Response, error: string, said: string): Error {
  const { status } = response;
  const answer = said === "" ? `status ${status}` : `status ${status}, ${said}`;
  if (status === 503 || status === 429) {
    const after = Number(response.headers.get("retry-after") ?? Number.NaN);
    const text = `the provider cannot do it now (${answer}): the token still exists; try again`;
    return unavailable(text, undefined, Number.isNaN(after) ? undefined : after);
  }
  if (error === "unsupported_token_type")
    return refused(
      `the provider does not revoke tokens of this kind (${answer}): it stays valid until it expires. Register the issuer with rescind issuers add, and revoke it here`,
    );
  if (error === "invalid_client" || status === 401)
    return refused(`the provider does not know this client, or its secret is wrong (${answer})`);
  return refused(`the provider refused (${answer})`);
}

/** As the provider's metadata allows: HTTP Basic before the body (RFC 6749 section 2.3.1). */
function credentials(
  { authMethods, issuer }: Provider,
  { clientId, clientSecret }: ForeignRevocation,
): { readonly headers: Record<string, string>; readonly fields: Record<string, string> } {
  if (clientSecret === undefined) return { headers: {}, fields: { client_id: clientId } };
  if (authMethods.includes("client_secret_basic")) {
    const pair = [clientId, clientSecret].map(formEncoded).join(":");
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` }, fields: {} };
  }
  if (authMethods.includes("client_secret_post"))
    return { headers: {}, fields: { client_id: clientId, client_secret: clientSecret } };
  throw wrongUsage(`${issuer} takes no client secret at its revocation endpoint: ${authMethods.join(", ")}`);
}

function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice("text=".length);
}
