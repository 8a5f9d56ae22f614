// The history by person and by client: every order says whose it is, also one whose unit names neither.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type People, peopleOf } from "../../../../test/people.ts";
import { startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
let people: People;
before(async () => {
  server = await startTestServer();
  people = await peopleOf(server);
});
after(async () => {
  await people.close();
  await server.close();
});

async function reasons(query: Record<string, string>): Promise<string[]> {
  const path = `/admin/v1/revocations?${new URLSearchParams(query)}`;
  const { status, json, text } = await server.admin("GET", path);
  assert.equal(status, 200, text);
  return (json.items as { reason: string }[]).map(({ reason }) => reason); // the contract's list
}

const order = (select: object, reason: string) =>
  server.admin("POST", "/admin/v1/revocations", { select, reason });

test("orders of a token, a grant, a session, a subject and a consent are found by their person, none of another's", async () => {
  const client = await people.client();
  const [ada, bob] = [await people.signIn(), await people.signIn()];
  const mine = await people.tokens(client, ada);
  const { jti, grant_id } = await server.introspect(String(mine.access_token));
  await order({ token_id: jti }, "token_leaked");
  await order({ grant_id }, "client_request");
  await order({ session_id: ada.sessionId }, "logout");
  await order({ subject: ada.subject, client_id: client.client_id }, "consent_withdrawn");
  await order({ subject: ada.subject }, "security_event");
  await order({ subject: bob.subject }, "user_disabled");
  const hers = ["security_event", "consent_withdrawn", "logout", "client_request", "token_leaked"];
  assert.deepEqual(await reasons({ subject: ada.subject }), hers);
  assert.deepEqual(await reasons({ subject: bob.subject }), ["user_disabled"]);
  assert.deepEqual(await reasons({ client_id: client.client_id }), [
    "consent_withdrawn",
    "client_request",
    "token_leaked",
  ]);
  const both = { subject: ada.subject, client_id: client.client_id };
  assert.deepEqual(await reasons({ ...both, limit: "1" }), ["consent_withdrawn"]);
});

test("orders of a client, its key, its tokens and its own requests are found by the client", async () => {
  const client = await server.registerClient();
  const { client_id, keys } = client;
  const [token, other] = [await server.clientToken(client), await server.clientToken(client)];
  await server.form("/oauth2/revoke", { token }, client);
  await order({ token: other }, "token_leaked");
  await order({ key_id: keys[0]?.key_id }, "key_compromise");
  await server.admin("POST", `/admin/v1/clients/${client_id}/revoke`);
  assert.deepEqual(await reasons({ client_id }), [
    "client_suspended",
    "key_compromise",
    "token_leaked",
    "client_request",
  ]);
});
