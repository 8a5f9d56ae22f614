// One call of `/oauth2/introspect` with the administrator's Bearer token, which sees every token (RFC 7662).

import type { Connection } from "./connection.ts";
import { fetchFrom, jsonObject } from "./exchange.ts";
import { refused } from "./failure.ts";

/** The answer's members; `active` is always there. Rejects with `Failure` when the server refuses. */
export async function introspect(
  connection: Connection,
  token: string,
): Promise<Record<string, unknown> & { readonly active: boolean }> {
  const { server } = connection;
  const response = await fetchFrom(server)(`${server}/oauth2/introspect`, {
    method: "POST",
    headers: { authorization: `Bearer ${await connection.token()}`, accept: "application/json" },
    body: new URLSearchParams({ token }),
    redirect: "error",
  });
  const answer = await jsonObject(response);
  if (!response.ok || typeof answer.active !== "boolean")
    throw refused(`introspection refused: ${answer.error_description ?? answer.detail ?? response.status}`);
  return { ...answer, active: answer.active };
}
