// docs/operations/incidents.md: every command is run as it stands there, and does what the page says. The line in
// docs/reference/audit.md is one that the reader of exports takes.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readAuditLine } from "@rescind/admin-api";
import { peopleOf } from "../people.ts";
import { startTestServer } from "../running-server.ts";
import { pageOf } from "../systems/page.ts";

const server = await startTestServer();
const people = await peopleOf(server);
const folder = mkdtempSync(join(tmpdir(), "rescind-incidents-"));
after(async () => {
  await people.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
const page = pageOf("docs/operations/incidents.md", server);
const client = await server.registerClient();

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("a token leaked: alone, in a list, at another provider", async () => {
  const token = await server.clientToken(client);
  const said = await page.run("leaked", { TOKEN: token });
  assert.match(said, /status +revoked[\s\S]*covers at \d+: .*token_leaked.*INC-42/);
  assert.equal(await isLive(token), false);

  const [one, two] = [await server.clientToken(client), await server.openGrant(client)];
  const list = file("leaked.txt", `# a paste\n${one}\n${two.grant_id}\nnot-ours\n`);
  assert.match(
    await page.run("list", { LEAKED: list }),
    /revoked +2\nrevoked before +0\nunknown +1 \(line 4\)/,
  );
  assert.deepEqual([await isLive(one), await isLive(two.access_token)], [false, false]);

  const theirs = await server.clientToken(client);
  await page.run("elsewhere", {
    THEIR_TOKEN: theirs,
    THEIR_ISSUER: server.issuer,
    THEIR_CLIENT: client.client_id,
    SECRET_FILE: file("secret", client.client_secret),
  });
  assert.equal(await isLive(theirs), false);
});

test("a laptop was stolen: one session, or everything of the person up to then", async () => {
  const app = await people.client();
  const ada = await people.signIn();
  const [browser, phone] = [await people.tokens(app, ada), await server.openGrant(client, ada.subject)];
  const said = await page.run("laptop", { SUBJECT: ada.subject, SESSION: ada.sessionId });
  assert.ok(said.includes(ada.sessionId), said);
  assert.deepEqual([await isLive(browser.access_token), await isLive(phone.access_token)], [false, true]);
  const now = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace(".000Z", "Z");
  const counted = await page.run("person", { SUBJECT: ada.subject, WHEN_STOLEN: now });
  assert.match(counted, /nothing \(dry run\)[\s\S]*\nrevoked +rev_\d+/);
  assert.equal(await isLive(phone.access_token), false);
});

test("a signing key leaked: every token of it ends, and another key signs", async () => {
  const token = await server.clientToken(client);
  const { kid } = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
  assert.ok((await page.run("signing-key", { KID: kid })).includes(kid));
  assert.equal(await isLive(token), false);
  assert.equal(await isLive(await server.clientToken(client)), true);
});

test("an app is compromised: suspended, approved, its tokens ended; or one key of several", async () => {
  const token = await server.clientToken(client);
  await page.run("app", { CLIENT_ID: client.client_id });
  const later = await server.clientToken(client);
  assert.deepEqual([await isLive(token), await isLive(later)], [false, true]);
  await page.run("key", { KEY_ID: client.keys[0]?.key_id });
  assert.equal(await isLive(later), false);
});

test("it was a mistake: what was ordered is lifted", async () => {
  const other = await server.registerClient();
  const { access_token: token } = await server.openGrant(other, "usr_mistaken");
  const { json } = await server.admin("POST", "/admin/v1/revocations", {
    select: { subject: "usr_mistaken" },
  });
  assert.equal(await isLive(token), false);
  const said = await page.run("mistake", { SUBJECT: "usr_mistaken", REVOCATION: json.id });
  assert.ok(said.includes(String(json.id)), said);
  assert.equal(await isLive(token), true);
});

test("afterwards: the record is verified here and there, and all commands of the page were run", async () => {
  const path = join(folder, "audit.jsonl");
  const said = await page.run("afterwards", { EXPORT: path });
  const heads = [...said.matchAll(/^head +([\w-]{43})$/gm)].map(([, head]) => head);
  assert.ok(heads.length === 2 && heads[0] === heads[1], said);
  assert.equal(lastHash(readFileSync(path, "utf8")), heads[0]);
  assert.deepEqual(page.unused(), []);
});

/** The hash of an export's last record, computed by nothing but what docs/reference/audit.md says. */
function lastHash(text: string): string {
  let previous = Buffer.alloc(32);
  for (const line of text.split("\n").slice(0, -1)) {
    const {
      number,
      at,
      action,
      actor,
      revocation_id: id = "",
      seq = "",
      content,
      feed_hash: feed,
    } = JSON.parse(line);
    const says = [
      action,
      actor.kind,
      actor.id,
      Date.parse(at),
      id.replace("rev_", ""),
      JSON.stringify(content),
    ];
    const covered = [prefixed(number), prefixed(seq), Buffer.from(feed, "base64url"), ...says.map(prefixed)];
    previous = createHash("sha256")
      .update(Buffer.concat([previous, ...covered]))
      .digest();
  }
  return previous.toString("base64url");
}

function prefixed(value: string | number): Buffer {
  const bytes = Buffer.from(String(value));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

test("the line on the page about the audit log is written as exports are", () => {
  const text = pageOf("docs/reference/audit.md", server).text("json", "line");
  assert.equal(readAuditLine(text)?.number, 7);
});
