// Whom a command is about: people know usernames, the API knows subjects.

import { AdminProblem } from "@rescind/admin-api";
import type { Connection } from "./connection.ts";
import { refused } from "./failure.ts";

/** By username, else by `sub`. @throws Failure where there is no such user */
export async function subjectOf(user: string, { admin }: Connection): Promise<string> {
  const { items } = await admin.listUsers({ query: { username: user, limit: 1 } });
  const [found] = items;
  if (found !== undefined) return found.sub;
  try {
    return (await admin.readUser({ params: { sub: user } })).sub;
  } catch (error) {
    if (error instanceof AdminProblem && error.status === 404) throw refused(`there is no user ${user}`);
    throw error;
  }
}
