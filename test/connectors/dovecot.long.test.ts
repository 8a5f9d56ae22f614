// Dovecot from Debian's packages with the files of examples/connectors/dovecot: mail programs sign in with access tokens.
// In the long run: Dovecot needs root and takes its time to start.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../free-port.ts";
import { until } from "../until.ts";
import { installed, kitFile, type Running, run, startWorld, type World } from "./programs.ts";

let world: World;
let dovecot: Running;
let port: number;
const folder = mkdtempSync(join(tmpdir(), "rescind-dovecot-"));

before(async () => {
  world = await startWorld();
  port = await freePort();
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "mail"), { mode: 0o777 });
  chmodSync(join(folder, "mail"), 0o777);
  const passdb = join(folder, "dovecot-oauth2.conf.ext");
  writeFileSync(passdb, kitFile("dovecot/dovecot-oauth2.conf.ext", { "127.0.0.1:9480": world.follower }));
  const here = `
    base_dir = ${folder}/run
    state_dir = ${folder}/state
    log_path = /dev/stderr
    ssl = no
    disable_plaintext_auth = no
    auth_verbose = yes
    mail_location = maildir:${folder}/mail/%u
    first_valid_uid = 1
    userdb {
      driver = static
      args = uid=nobody gid=nogroup home=${folder}/mail/%u
    }
    service imap-login {
      inet_listener imap {
        address = 127.0.0.1
        port = ${port}
      }
      inet_listener imaps {
        port = 0
      }
    }`;
  const kit = kitFile("dovecot/dovecot.conf", { "/etc/dovecot/dovecot-oauth2.conf.ext": passdb });
  writeFileSync(join(folder, "dovecot.conf"), `${kit}\n${here}\n`);
  dovecot = run(installed("dovecot", "dovecot-imapd"), ["-F", "-c", join(folder, "dovecot.conf")]);
  await until(async () => {
    assert.equal(dovecot.child.exitCode, null, dovecot.log());
    return signIn("nobody", "nothing").then(
      () => true,
      () => false,
    );
  }, 60_000);
});

after(async () => {
  await dovecot?.stop();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

test("Dovecot asks the follower at every sign-in: a good token gets in, a revoked one does not, and none while the follower is away", async () => {
  const { server, shop } = world;
  let follower = await world.follow();
  const [token, other, poor] = await Promise.all(
    ["mail", "mail", "orders:read"].map((scope) => server.clientToken(shop, { scope })),
  );
  assert.ok(token !== undefined && other !== undefined && poor !== undefined);
  const user = shop.client_id;
  await until(async () => (await signIn(user, token)) === "OK").catch(() => assert.fail(dovecot.log()));
  assert.equal(await signIn(user, poor), "NO");
  assert.equal(await signIn("somebody-else", token), "NO");

  assert.equal((await server.form("/oauth2/revoke", { token }, shop)).status, 200);
  await until(async () => (await signIn(user, token)) === "NO");
  assert.equal(await signIn(user, other), "OK");

  await follower.stop("SIGKILL");
  assert.equal(await signIn(user, other), "NO");
  follower = await world.follow();
  await until(async () => (await signIn(user, other)) === "OK");
  assert.equal(await signIn(user, token), "NO");
  await follower.stop();
});

/** RFC 7628 over IMAP: how AUTHENTICATE OAUTHBEARER ends, OK or NO. */
async function signIn(user: string, token: string): Promise<string> {
  const connection = connect(port, "127.0.0.1");
  const response = Buffer.from(`n,a=${user},\x01host=localhost\x01auth=Bearer ${token}\x01\x01`);
  connection.write(`a AUTHENTICATE OAUTHBEARER ${response.toString("base64")}\r\n`);
  let said = "";
  for await (const chunk of connection.setEncoding("utf8")) {
    const before = said;
    said += chunk;
    // A refusal comes as a challenge first, which the client has to answer.
    if (/^\+ /m.test(said) && !/^\+ /m.test(before)) connection.write("AQ==\r\n");
    const ending = /^a (OK|NO|BAD) ?/m.exec(said)?.[1];
    if (ending !== undefined) {
      connection.destroy();
      return ending;
    }
  }
  throw new Error(`no answer: ${said}`);
}
