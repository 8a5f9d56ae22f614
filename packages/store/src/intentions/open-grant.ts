// Opening a grant: the grant and its first tokens, all or nothing.

import type { Grant } from "@rescind/core";
import type { Database } from "../database.ts";
import type { NewAccessToken, NewRefreshToken } from "../store.ts";
import { livesOf, storeAccessToken } from "./access-tokens.ts";
import { storeGrant } from "./grants.ts";
import { withinLongest } from "./head.ts";
import { storeRefreshToken } from "./refresh-tokens.ts";

export async function openGrant(
  db: Database,
  grant: Grant,
  tokens: { access: NewAccessToken; refresh: NewRefreshToken | undefined },
): Promise<void> {
  const { accessToken } = livesOf(tokens.access);
  const refreshEnd = tokens.refresh?.token.expiresAt ?? 0;
  await withinLongest(db, { accessToken, grant: Math.max(grant.expiresAt, refreshEnd) - grant.openedAt });
  const statements = [storeGrant(grant), ...storeAccessToken(tokens.access)];
  if (tokens.refresh !== undefined) statements.push(storeRefreshToken(tokens.refresh));
  await db.executor.apply(statements);
}
