// The user `admin`, made at the first start without a password (THREATS WEB-22): DIR/admin.json offers a link with
// which one is set, once, within an hour. CONTRACT.md section 2.

import type { User } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { randomId } from "../random-id.ts";
import { makeSetupLink, setupLinkLives, tidyOffer } from "./setup-link.ts";

const username = "admin";

/**
 * Makes the user where nobody administers yet, and sees to it that DIR/admin.json offers its link only while it works.
 * Does not make a new link for one that was not used in time: `rescind users setup-link` does.
 */
export async function ensureFirstUser(deps: Dependencies): Promise<void> {
  const file = await deps.adminFile.read();
  if (file?.username !== undefined) return tidyOffer(deps);
  const filter = { role: "administrator" } as const;
  const { items } = await deps.store.listUsers(filter, { limit: 2, cursor: undefined });
  const [only] = items;
  // One that was made by a start which ended before it could write the file still needs its link.
  const unfinished = items.length === 1 && only?.user.username === username && !only.hasPassword;
  if (only !== undefined && !unfinished) return;
  if (only === undefined && isDeclared(deps)) return;
  const subject = only?.user.subject ?? (await makeUser(deps));
  if (subject === undefined) return;
  const rev = (await deps.store.head()).position.seq;
  const { setupUrl } = await makeSetupLink({ subject, rev, life: setupLinkLives.firstRun }, deps);
  if (file === undefined) throw new Error("DIR/admin.json went missing while the server started");
  await deps.adminFile.write({ ...file, username, setup_url: setupUrl });
}

async function makeUser(deps: Dependencies): Promise<string | undefined> {
  const user: User = {
    subject: randomId("usr_"),
    username,
    name: "Administrator",
    email: undefined,
    emailVerified: false,
    groups: [],
    claims: {},
    roles: ["administrator"],
    status: "active",
  };
  const atMs = deps.now();
  if (!(await deps.store.createUser(user, undefined, atMs))) {
    deps.log.warn({ username }, "nobody is an administrator, and this username is taken by somebody else");
    return undefined;
  }
  const content = { sub: user.subject, username, roles: user.roles };
  const actor = { kind: "server", id: "start" } as const;
  await deps.store.recordAudit({ action: "user.created", actor, atMs, content });
  return user.subject;
}

/** Then the config file makes this user, with the subject and password that it says. */
function isDeclared({ configuration }: Dependencies): boolean {
  const named = (entry: unknown): unknown =>
    typeof entry === "object" && entry !== null && "username" in entry ? entry.username : undefined;
  return configuration.declared.users.some((entry) => named(entry) === username);
}
