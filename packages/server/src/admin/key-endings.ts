// The end of a consumer key: DELETE /admin/v1/keys/{key_id} and its replacement by another one, POST …/rotate. A key
// ends by a final suspension: all tokens issued with it are dead, and its id stays taken. What was rotated with
// `keep_old` goes on until it is deleted.

import type { KeyReplacement } from "@rescind/admin-api";
import type { Client, ConsumerKey } from "@rescind/core";
import type { FoundClient, Receipt } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore } from "../http/answer.ts";
import { oneByOne } from "../people/change-user.ts";
import { catchUp, commitOrder, seqHeader } from "../revocation/commit.ts";
import { selectOf } from "../revocation/select.ts";
import { administrator, clientUnit, keyUnit } from "./administrator.ts";
import { keyAnswer, newConsumerKey, unknownKey } from "./consumer-keys.ts";
import { refused } from "./refusal.ts";
import { usesSecret } from "./registration.ts";
import type { AdminRequest } from "./request.ts";

/** The client with which the server is administered. */
const administration = "admin";

/** Ends a key for good. The last one of a client too, which then gets nothing more until it is given another. */
export function deleteKey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  return oneByOne(async () => {
    const found = await findKey(request, deps);
    if (found === undefined) return unknownKey;
    if (await locksOut(found, deps)) return lastOfAdministration;
    const receipt = await end(found.key, request, deps);
    return { status: 204, headers: seqHeader(receipt) };
  }, deps);
}

/** Gives the client a new key, and ends the old one in the same call unless it is to be kept. */
export function rotateKey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  return oneByOne(async () => {
    const { keep_old: keepOld = false } = request.body as KeyReplacement; // checked against the contract's schema
    const found = await findKey(request, deps);
    if (found === undefined) return unknownKey;
    const { key: old, client } = found;
    if (!usesSecret(client)) return withoutSecret;
    const isOver = (unit: ReturnType<typeof keyUnit>) => deps.standing.suspension(unit) === "final";
    if (isOver(clientUnit(client.clientId, deps.issuer)))
      return refused("final", "This client was suspended for good.");
    if (isOver(keyUnit(old.keyId, deps.issuer)))
      return refused("final", "This key was suspended for good; give the client another key.");
    if (!keepOld && isSetOutside(old, deps)) return setOutside;
    const made = newConsumerKey(client.clientId, deps);
    const atMs = deps.now();
    if (!(await deps.store.addConsumerKey(made.stored, atMs))) return unknownKey;
    const content = { client_id: client.clientId, key_id: made.stored.keyId, instead_of: old.keyId };
    await deps.store.recordAudit({ action: "key.created", actor: administrator(request), atMs, content });
    if (!keepOld) await followInFile(old, made.secret, deps);
    const ended = keepOld ? {} : seqHeader(await end(old, request, deps));
    return {
      status: 201,
      headers: { ...noStore, ...ended },
      body: { ...keyAnswer(made.stored, deps), client_secret: made.secret },
    };
  }, deps);
}

/** Whether ending this key would leave nobody with a secret of the administration's client. */
export async function locksOut(
  { key, keys }: Pick<Found, "key" | "keys">,
  deps: Pick<Dependencies, "issuer" | "standing">,
): Promise<boolean> {
  if (key.clientId !== administration) return false;
  const others = keys.filter(({ keyId }) => keyId !== key.keyId);
  return others.every(({ keyId }) => deps.standing.suspension(keyUnit(keyId, deps.issuer)) !== "none");
}

export interface Found {
  readonly key: ConsumerKey;
  readonly client: Client;
  readonly keys: FoundClient["keys"];
}

/** The key that a request names, with its client, judged as the log stands now. */
export async function findKey(request: AdminRequest, deps: Dependencies): Promise<Found | undefined> {
  const key = await deps.store.findConsumerKey(request.params.key_id ?? "");
  if (key === undefined) return undefined;
  const { client, keys } = await deps.store.findClient(key.clientId);
  await catchUp(deps);
  return client === undefined ? undefined : { key, client, keys };
}

export const lastOfAdministration = refused(
  "conflict",
  "This is the last usable key of the client admin: nobody could administer this server with it gone. Rotate it, or create another one first.",
);

const withoutSecret = refused(
  "conflict",
  "This client does not authenticate by a secret; change its token_endpoint_auth_method first.",
);

const setOutside = refused(
  "conflict",
  "The secret of this key is set by RESCIND_ADMIN_SECRET: change it there and restart, and this key ends.",
);

function end(key: ConsumerKey, request: AdminRequest, deps: Dependencies): Promise<Receipt> {
  const unit = keyUnit(key.keyId, deps.issuer);
  const order = {
    unit,
    reason: "secret_rotated",
    final: true,
    suspend: true,
    select: selectOf(unit),
  } as const;
  const about = { clientId: key.clientId };
  return commitOrder({ ...order, about, actor: administrator(request) }, deps);
}

/** The next start would find a secret that opens nothing any more. */
function isSetOutside(key: ConsumerKey, { configuration, hashing }: Dependencies): boolean {
  const secret = configuration.adminSecret;
  return key.clientId === administration && secret !== undefined && hashing.matches(secret, key.digest);
}

/** DIR/admin.json goes on to hold a secret that works, where the old one stood in it. */
async function followInFile(
  old: ConsumerKey,
  secret: string,
  { adminFile, hashing }: Dependencies,
): Promise<void> {
  if (old.clientId !== administration) return;
  const file = await adminFile.read();
  if (file === undefined || !hashing.matches(file.client_secret, old.digest)) return;
  await adminFile.write({ ...file, client_secret: secret });
}
