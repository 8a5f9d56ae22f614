// `rescind users sign-in|reset-factors`: how a person signs in, and the way out for whoever has lost their device.

import type { SignInMeans } from "@rescind/admin-api";
import type { Command } from "commander";
import { askBefore } from "../confirmation.ts";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { printable, printJson, printMembers, printTable } from "../output.ts";
import { subjectOf } from "../subject.ts";

interface ResetOptions extends ConnectionOptions {
  readonly passkeys?: true;
  readonly yes?: true;
}

export function addUserSignIn(users: Command): void {
  connectable(users.command("sign-in <user>"))
    .description("how a user (username or sub) signs in")
    .action(signIn);
  connectable(users.command("reset-factors <user>"))
    .description("remove a user's authenticator app and recovery codes; sessions opened with them end")
    .option("--passkeys", "their passkeys too")
    .option("--yes", "do not ask")
    .action(resetFactors);
}

async function signIn(user: string, options: ConnectionOptions): Promise<void> {
  const connection = connect(options);
  const sub = await subjectOf(user, connection);
  const means = await connection.admin.readUserSignIn({ params: { sub } });
  if (options.json === true) printJson(means);
  else print(means);
}

async function resetFactors(user: string, options: ResetOptions): Promise<void> {
  const connection = connect(options);
  const sub = await subjectOf(user, connection);
  const passkeys = options.passkeys === true;
  const what = passkeys
    ? "authenticator app, recovery codes and passkeys"
    : "authenticator app and recovery codes";
  const warning = `This removes the ${what} of ${printable(user)} (${sub}) and ends every session opened with them.`;
  if (options.yes !== true) await askBefore([warning], "Remove them?");
  await connection.admin.resetFactors({ params: { sub }, query: { passkeys } });
  const means = await connection.admin.readUserSignIn({ params: { sub } });
  if (options.json === true) printJson(means);
  else print(means);
}

function print({ password, passkeys, totp, recovery_codes: codes, identities, as_of }: SignInMeans): void {
  printMembers({
    password: password ? "set" : "none yet",
    "authenticator app": totp === null ? "none" : `since ${totp.since}`,
    "recovery codes": codes === null ? "none" : `${codes.left} of ${codes.of} left`,
    passkeys: passkeys.length === 0 ? "none" : passkeys.length,
    "other providers": identities.map(({ name }) => name).join(", "),
    "as of": as_of,
  });
  if (passkeys.length === 0) return;
  console.log();
  printTable(passkeys, [
    ["PASSKEY", (key) => key.passkey_id],
    ["NAME", (key) => key.name],
    ["CREATED", (key) => key.created_at],
    ["LAST USED", (key) => key.last_used_at ?? undefined],
  ]);
}
