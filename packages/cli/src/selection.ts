// What `rescind revoke` names: from its options to one unit of the admin API.

import type { Select } from "@rescind/admin-api";
import type { Connection } from "./connection.ts";
import { refused, wrongUsage } from "./failure.ts";
import { introspect } from "./introspection.ts";

export interface SelectOptions {
  readonly tokenId?: string;
  readonly grant?: string;
  readonly session?: string;
  readonly subject?: string;
  readonly client?: string;
  readonly key?: string;
  readonly kid?: string;
  readonly issuer?: string;
  readonly jti?: string;
  readonly all?: true;
  readonly cascade?: "token" | "grant" | "subject_client";
}

/** @throws Failure where `--cascade` has no token to go by */
export async function selectFrom(
  token: string | undefined,
  options: SelectOptions,
  connection: Connection,
): Promise<Select> {
  const { tokenId, grant, session, subject, client, key, kid, issuer, jti, all, cascade: reach } = options;
  const select = {
    ...(token === undefined ? {} : { token }),
    ...(tokenId === undefined ? {} : { token_id: tokenId }),
    ...(grant === undefined ? {} : { grant_id: grant }),
    ...(session === undefined ? {} : { session_id: session }),
    ...(subject === undefined ? {} : { subject }),
    ...(client === undefined ? {} : { client_id: client }),
    ...(key === undefined ? {} : { key_id: key }),
    ...(kid === undefined ? {} : { kid }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(jti === undefined ? {} : { jti }),
    ...(all === undefined ? {} : { all }),
  };
  if (reach === undefined || reach === "token") return select;
  if (token === undefined || Object.keys(select).length !== 1)
    throw wrongUsage("--cascade goes with a token, alone");
  return reachOf(token, reach, connection);
}

/** The unit that a token of unknown kind belongs to, as the server sees it. */
async function reachOf(
  token: string,
  reach: "grant" | "subject_client",
  connection: Connection,
): Promise<Select> {
  const { active, grant_id: grant, sub, client_id: client } = await introspect(connection, token);
  if (!active)
    throw refused("the token is not active, so its grant cannot be told; name the unit instead (--grant, …)");
  // A client-credentials token has no grant: there, `grant` means the token itself.
  if (reach === "grant") return typeof grant === "string" ? { grant_id: grant } : { token };
  if (typeof sub !== "string" || typeof client !== "string")
    throw refused("the token has no subject and client");
  return { subject: sub, client_id: client };
}
