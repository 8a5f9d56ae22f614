// `rescind keys create|rotate|suspend|approve|delete`: consumer keys, the secrets of a client.

import type { ConsumerKeyAnswer } from "@rescind/admin-api";
import type { Command } from "commander";
import { askBefore } from "../confirmation.ts";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { printJson, printMembers } from "../output.ts";
import { type SuspendOptions, suspendable, suspensionOf } from "../suspension.ts";

export function addKeys(program: Command): void {
  const keys = program
    .command("keys")
    .description("consumer keys: a client's secrets, each with a life of its own");
  connectable(keys.command("create <client_id>"))
    .description("give a client another key; its secret is printed once")
    .action(async (clientId: string, options: ConnectionOptions) =>
      print(options, await connect(options).admin.createKey({ params: { client_id: clientId } })),
    );
  connectable(keys.command("rotate <key_id>"))
    .description("put another key in its place; the new secret is printed once")
    .option("--keep-old", "the old key and its tokens go on until it is deleted")
    .option("--yes", "do not ask")
    .action(rotate);
  suspendable(connectable(keys.command("suspend <key_id>")))
    .description("take a key out of service: tokens issued with it are dead and it opens nothing")
    .action(suspend);
  connectable(keys.command("approve <key_id>"))
    .description("put a suspended key back; unexpired tokens return")
    .action(async (keyId: string, options: ConnectionOptions) =>
      print(options, await connect(options).admin.approveKey({ params: { key_id: keyId } })),
    );
  connectable(keys.command("delete <key_id>"))
    .description("end a key for good; all tokens issued with it are dead")
    .option("--yes", "do not ask")
    .action(end);
}

interface EndingOptions extends ConnectionOptions {
  readonly keepOld?: true;
  readonly yes?: true;
}

async function rotate(keyId: string, options: EndingOptions): Promise<void> {
  const { keepOld, yes } = options;
  if (yes !== true && keepOld !== true)
    await askBefore([`All tokens issued with ${keyId} stop working at once, for good.`], "Rotate?");
  const body = keepOld === undefined ? {} : { keep_old: keepOld };
  print(options, await connect(options).admin.rotateKey({ params: { key_id: keyId }, body }));
}

async function end(keyId: string, options: EndingOptions): Promise<void> {
  if (options.yes !== true)
    await askBefore(
      [`${keyId} opens nothing any more and all its tokens stop working, for good.`],
      "Delete?",
    );
  await connect(options).admin.deleteKey({ params: { key_id: keyId } });
  if (options.json === true) printJson({ key_id: keyId, status: "revoked" });
  else console.log(`${keyId} is deleted: it cannot be approved again.`);
}

async function suspend(keyId: string, options: ConnectionOptions & SuspendOptions): Promise<void> {
  if (options.yes !== true)
    await askBefore(
      [`All tokens issued with ${keyId} stop working and it opens nothing, until approved.`],
      "Suspend?",
    );
  const params = { key_id: keyId };
  print(options, await connect(options).admin.suspendKey({ params, body: suspensionOf(options) }));
}

function print(options: ConnectionOptions, key: ConsumerKeyAnswer): void {
  if (options.json === true) printJson(key);
  else printMembers(key);
}
