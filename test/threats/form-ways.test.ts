// THREATS WEB-11 for the three ways in of a form: before node:http where a request is plain (http/byte-door.ts), straight
// from node:http where its headers or pieces are not (http/form-door.ts), and by Fastify. Every case is asked all three ways,
// and the answers are the same.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Answered, basic, startTestServer } from "../running-server.ts";
import { formEndpoints, formType } from "./form-corpus.ts";

const server = await startTestServer();
after(() => server.close());

const origin = "https://app.example";
const client = await server.registerClient({
  grant_types: ["client_credentials", "refresh_token", "authorization_code"],
  redirect_uris: [`${origin}/callback`],
  allowed_origins: [origin],
  access_token_format: "opaque",
});
const other = await server.registerClient();
const authorization = basic(client.client_id, client.client_secret);

/** Plain; with a name that is allowed and unusual; with a space that is. */
const ways: readonly Record<string, string>[] = [
  { "content-type": `${formType}; charset=utf-8` },
  { "content-type": `${formType}; charset=utf-8`, x_unusual: "a" },
  { "content-type": `${formType};  charset=utf-8` },
];

async function allWays(path: string, body: () => Promise<string>, headers: Record<string, string>) {
  const answers: Answered[] = [];
  for (const way of ways)
    answers.push(
      await server.request(path, { method: "POST", headers: { ...way, ...headers }, body: await body() }),
    );
  return answers;
}

const made = new Set(
  "access_token refresh_token request_uri exp iat jti grant_id grant_iat rev head hash".split(" "),
);

/** What no two answers have in common is left out by name; of texts that are made anew, the kind is compared. */
function shapeOf({ status, headers, text }: Answered) {
  const told = Object.fromEntries(headers);
  for (const name of ["date", "x-request-id", "content-length", "rescind-seq"])
    if (name in told) told[name] = "…";
  const body: unknown = JSON.parse(text, (name, value: unknown) => (made.has(name) ? typeof value : value));
  return { status, told, body };
}

const bodies: Readonly<Record<string, () => Promise<string>>> = {
  nothing: async () => "",
  "a made-up token": async () => "token=made-up",
  "a live token": async () => `token=${await server.clientToken(client)}&cascade=token`,
  "a live token, escaped": async () =>
    `token=${(await server.clientToken(client)).replaceAll("_", "%5F")}&token_type_hint=`,
  "a refresh token": async () => {
    const { refresh_token } = await server.openGrant(client, "usr_ways", { scope: "read offline_access" });
    return `grant_type=refresh_token&token=${refresh_token}&refresh_token=${refresh_token}`;
  },
  "a grant of its own": async () => "grant_type=client_credentials&scope=read",
  "a scope it does not have": async () => "grant_type=client_credentials&scope=other",
  "an unknown grant type": async () => "grant_type=made-up",
  "a cascade that there is not": async () => `token=${await server.clientToken(client)}&cascade=made-up`,
  "a parameter twice": async () => "token=a&token=b",
  "too many parameters": async () => Array.from({ length: 65 }, (_, number) => `p${number}=`).join("&"),
  "broken UTF-8": async () => "token=%ff",
  "bytes beyond ASCII": async () => "token=ä",
  NUL: async () => "token=%00",
  "a body that is too large": async () => `token=${"a".repeat(65 * 1024)}`,
};

const credentials: Readonly<Record<string, Record<string, string>>> = {
  none: {},
  right: { authorization },
  "right, from an app's page": { authorization, origin },
  "right, from another page": { authorization, origin: "https://other.example" },
  wrong: { authorization: basic(other.client_id, "wrong") },
  "no Basic": { authorization: "Basic !" },
  "Bearer of nothing": { authorization: "Bearer made-up" },
};

test("WEB-11 a form is answered alike whichever way it came in: status, headers and body", async () => {
  const seen = new Set<number>();
  for (const path of Object.keys(formEndpoints))
    for (const [what, body] of Object.entries(bodies))
      for (const [who, headers] of Object.entries(credentials)) {
        // Few wrong secrets, so that none of them meets the limit.
        if (who !== "right" && !["a made-up token", "a parameter twice"].includes(what)) continue;
        const answers = await allWays(path, body, headers);
        const [plain, ...others] = answers.map(shapeOf);
        for (const other of others) assert.deepEqual(other, plain, `${path}, ${what}, ${who}`);
        assert.equal(new Set(answers.map((answer) => answer.headers.get("x-request-id"))).size, ways.length);
        for (const { status } of answers) seen.add(status);
      }
  assert.deepEqual([...seen].sort(), [200, 400, 401, 413]);
});
