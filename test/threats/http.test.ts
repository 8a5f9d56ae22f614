// THREATS.md section 7 for requests that are HTTP but not what they should be: doubled, oversized, mistyped, polluted,
// unprintable. Raw sockets are in http-sockets.test.ts, paths in http-paths.test.ts, secrets in secrets.test.ts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Answered, basic, startTestServer } from "../running-server.ts";
import { credentialParameters, formEndpoints, formType } from "./form-corpus.ts";

const server = await startTestServer();
after(() => server.close());

const client = await server.registerClient({
  grant_types: ["client_credentials", "refresh_token", "authorization_code"],
  redirect_uris: ["https://app.example/callback"],
});
const authorization = basic(client.client_id, client.client_secret);

async function post(
  path: string,
  body: string,
  type: string | undefined = formType,
  more = {},
): Promise<Answered> {
  const headers: Record<string, string> = { ...(type === "" ? {} : { "content-type": type }), ...more };
  return server.request(path, { method: "POST", headers, body });
}

function assertOAuthError(answer: Answered, status: number, error: string, what: string): void {
  assert.equal(answer.status, status, `${what}: ${answer.text}`);
  assert.equal(answer.json.error, error, what);
  assert.equal(answer.headers.get("cache-control"), "no-store", what);
}

/** A body for each endpoint that succeeds with the client's credentials. */
function good(path: string): string {
  const pushed = {
    response_type: "code",
    redirect_uri: "https://app.example/callback",
    code_challenge: "A".repeat(43),
    code_challenge_method: "S256",
  };
  if (path === "/oauth2/par") return new URLSearchParams(pushed).toString();
  return path === "/oauth2/token" ? "grant_type=client_credentials" : "token=made-up";
}

function goodStatus(path: string): number {
  return path === "/oauth2/par" ? 201 : 200;
}

test("WEB-10 every parameter given twice is refused, known or not, empty or not, before anybody is authenticated", async () => {
  for (const [path, own] of Object.entries(formEndpoints))
    for (const name of [...own, ...credentialParameters, "unknown", "__proto__"])
      for (const pair of [
        `${name}=a&${name}=b`,
        `${name}=a&${name}=a`,
        `${name}=&${name}=`,
        `${name}&${name}`,
        `${name}=a&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=b`,
      ])
        for (const headers of [{}, { authorization }]) {
          const body = own.includes(name) ? pair : `${good(path)}&${pair}`;
          assertOAuthError(
            await post(path, body, formType, headers),
            400,
            "invalid_request",
            `${path} ${pair}`,
          );
        }
});

test("WEB-10 a query parameter given twice is refused by the admin API and the feed", async () => {
  for (const query of ["limit=1&limit=1", "cursor=a&cursor=b", "status=live&status=live"])
    assert.equal((await server.admin("GET", `/admin/v1/tokens?${query}`)).status, 400, query);
});

test("WEB-11 what stands in the query of a POST does not count", async () => {
  const token = await server.clientToken(client);
  for (const path of ["/oauth2/revoke", "/oauth2/introspect"])
    assertOAuthError(
      await post(`${path}?token=${token}`, "", formType, { authorization }),
      400,
      "invalid_request",
      path,
    );
  const query = `client_id=${client.client_id}&client_secret=${client.client_secret}`;
  for (const path of Object.keys(formEndpoints))
    assertOAuthError(await post(`${path}?${query}`, good(path)), 401, "invalid_client", path);
  const other = await server.clientToken(client);
  await post(`/oauth2/revoke?token=${token}&cascade=subject_client`, `token=${other}`, formType, {
    authorization,
  });
  assert.equal((await server.introspect(token)).active, true, "the body alone decides");
  assert.equal((await server.introspect(other)).active, false);
});

test("WEB-11 only application/x-www-form-urlencoded is taken: every other content type is 415", async () => {
  for (const path of Object.keys(formEndpoints)) {
    for (const type of [
      "application/json",
      "text/plain",
      "multipart/form-data; boundary=x",
      `${formType}x`,
      `x${formType}`,
      `application/json, ${formType}`,
      `application/json; x=${formType}`,
      `text/plain;${formType}`,
      "application/x-www-form-urlencoded-v2",
      "application/xml",
      "*/*",
    ]) {
      const answer = await post(path, good(path), type, { authorization });
      assertOAuthError(answer, 415, "invalid_request", `${path} ${type}`);
    }
    for (const type of [
      `${formType}; charset=utf-8`,
      `${formType};charset=UTF-8`,
      "Application/X-WWW-Form-URLEncoded",
    ])
      assert.equal(
        (await post(path, good(path), type, { authorization })).status,
        goodStatus(path),
        `${path} ${type}`,
      );
  }
});

test("WEB-11 the admin API takes application/json alone", async () => {
  const bearer = { authorization: `Bearer ${await server.adminToken()}` };
  const body = JSON.stringify({ name: "x", grant_types: ["client_credentials"] });
  for (const type of [
    formType,
    "text/plain",
    "application/jsonx",
    "xapplication/json",
    "text/json",
    "application/xml",
  ])
    assert.equal((await post("/admin/v1/clients", body, type, bearer)).status, 415, type);
  assert.equal(
    (await post("/admin/v1/clients", body, "application/json; charset=utf-8", bearer)).status,
    201,
  );
});

test("WEB-06 bodies, parameters and scopes end where the contract says", async () => {
  const padded = (length: number): string => {
    const start = "grant_type=client_credentials&pad=";
    return start + "x".repeat(length - start.length);
  };
  assert.equal((await post("/oauth2/token", padded(65_536), formType, { authorization })).status, 200);
  for (const length of [65_537, 200_000])
    assertOAuthError(
      await post("/oauth2/token", padded(length), formType, { authorization }),
      413,
      "invalid_request",
      `${length}`,
    );
  const many = (count: number): string =>
    ["grant_type=client_credentials", ...Array.from({ length: count - 1 }, (_, i) => `p${i}=`)].join("&");
  assert.equal((await post("/oauth2/token", many(64), formType, { authorization })).status, 200);
  for (const count of [65, 5000])
    assertOAuthError(
      await post("/oauth2/token", many(count), formType, { authorization }),
      400,
      "invalid_request",
      `${count}`,
    );
  const scope = `grant_type=client_credentials&scope=${"s".repeat(4097)}`;
  assertOAuthError(
    await post("/oauth2/token", scope, formType, { authorization }),
    400,
    "invalid_request",
    "scope",
  );
  const bearer = { authorization: `Bearer ${await server.adminToken()}` };
  for (const [path, length] of [
    ["/admin/v1/clients", 65_536],
    ["/admin/v1/revocations/bulk", 16 * 1024 * 1024],
  ] as const) {
    const tooLarge = await post(path, `{"name":"${"x".repeat(length)}"}`, "application/json", bearer);
    assert.equal(tooLarge.status, 413, path);
    assert.equal(tooLarge.headers.get("content-type"), "application/problem+json");
  }
});

test("WEB-06 headers and URLs end somewhere too", async () => {
  const long = await server.request("/healthz", { headers: { "x-long": "x".repeat(20_000) } });
  assert.equal(long.status, 431);
  const url = await server.request(`/healthz?${"x".repeat(20_000)}`).catch(() => undefined);
  assert.ok(url === undefined || [414, 431].includes(url.status), `${url?.status}`);
  assert.equal((await server.request("/healthz")).status, 200);
});

test("WEB-06 nesting without end is refused or stored, never a defect", async () => {
  const bearer = { authorization: `Bearer ${await server.adminToken()}` };
  const deep = (levels: number, open: string, close: string): string =>
    open.repeat(levels) + close.repeat(levels);
  for (const levels of [50, 1000, 9000])
    for (const value of [deep(levels, "[", "]"), deep(levels, '{"a":', "}").replace('":}', '":1}')]) {
      const clientBody = `{"name":"x","grant_types":["client_credentials"],"custom_claims":{"a":${value}}}`;
      const created = await post("/admin/v1/clients", clientBody, "application/json", bearer);
      assert.ok([201, 400].includes(created.status), `${levels}: ${created.status}`);
      const grantBody = `{"client_id":"${client.client_id}","subject":"usr_deep","claims":{"a":${value}}}`;
      const opened = await post("/admin/v1/grants", grantBody, "application/json", bearer);
      assert.ok([201, 400].includes(opened.status), `${levels}: ${opened.status}`);
      assert.equal((await post("/admin/v1/clients", value, "application/json", bearer)).status, 400);
    }
  const deepest = `{"tokens":${deep(100_000, "[", "]")}}`;
  const bulk = await post("/admin/v1/revocations/bulk", deepest, "application/json", bearer);
  assert.equal(bulk.status, 400);
});

test("WEB-06 names of clients that cannot exist take no memory, however many and long they are", async () => {
  const ask = (): Promise<Answered[]> =>
    Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        post(
          "/oauth2/token",
          `grant_type=client_credentials&client_secret=x&client_id=${i}${Math.random()}${"x".repeat(60_000)}`,
        ),
      ),
    );
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void; // V8's own
  await ask();
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 10; i++) for (const { status } of await ask()) assert.equal(status, 401);
  collectGarbage();
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 10e6, `400 names of 60 KB left ${Math.round(grown / 1e6)} MB behind`);
});

test("WEB-12 no parameter or member pollutes a prototype", async () => {
  const bearer = { authorization: `Bearer ${await server.adminToken()}` };
  const names = [
    "__proto__",
    "constructor",
    "prototype",
    "__proto__[polluted]",
    "constructor.prototype.polluted",
    "toString",
  ];
  for (const path of Object.keys(formEndpoints))
    for (const name of names) {
      const body = `${good(path)}&${encodeURIComponent(name)}=polluted`;
      assert.equal(
        (await post(path, body, formType, { authorization })).status,
        goodStatus(path),
        `${path} ${name}`,
      );
    }
  for (const json of [
    '{"__proto__":{"polluted":1},"name":"x","grant_types":["client_credentials"]}',
    '{"constructor":{"prototype":{"polluted":1}},"name":"x","grant_types":["client_credentials"]}',
  ])
    assert.equal((await post("/admin/v1/clients", json, "application/json", bearer)).status, 400, json);
  for (const claims of [
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"a":{"__proto__":{"polluted":1}}}',
  ]) {
    const body = `{"client_id":"${client.client_id}","subject":"usr_p","claims":${claims}}`;
    const { status, json } = await post("/admin/v1/grants", body, "application/json", bearer);
    assert.ok([201, 400].includes(status), `${status}`);
    if (status === 201) assert.equal((await server.introspect(String(json.access_token))).sub, "usr_p");
  }
  assert.equal((await server.admin("GET", "/admin/v1/clients?__proto__=1")).status, 400);
  assert.equal(Reflect.get({}, "polluted"), undefined, "the server runs in this process");
  assert.equal(Reflect.get(Object, "polluted"), undefined);
});

test("WEB-13 NUL, broken UTF-8 and lone surrogates are refused in forms, with 400", async () => {
  for (const [path, own] of Object.entries(formEndpoints))
    for (const name of [...own, "client_id", "client_secret", "unknown"])
      for (const bytes of [
        "%00",
        "a%00b",
        "%FF",
        "%C0%80",
        "%ED%A0%80",
        "%ED%B0%80",
        "%F5%80%80%80",
        "%",
        "%zz",
        "%E4%B8",
      ]) {
        const answer = await post(
          path,
          `${name}=${bytes}`,
          formType,
          name.startsWith("client") ? {} : { authorization },
        );
        assertOAuthError(answer, 400, "invalid_request", `${path} ${name}=${bytes}`);
      }
});

test("WEB-13 in JSON unprintable text is refused with the field's name, and nothing makes a defect", async () => {
  const unprintable = [
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\udc00\ud800",
    "\u202eabc",
    "a\nb",
    "\u2028",
    "\u200b",
  ];
  for (const text of unprintable) {
    for (const [path, body, pointer] of [
      ["clients", { name: text, grant_types: ["client_credentials"] }, /\/name/],
      ["clients", { name: "x", client_id: `a${text}`, grant_types: ["client_credentials"] }, /\/client_id/],
      ["clients", { name: "x", scope: text, grant_types: ["client_credentials"] }, /\/scope/],
      ["grants", { client_id: client.client_id, subject: text }, /\/subject/],
      ["revocations", { select: { subject: text } }, /\/select\/subject/],
      ["revocations", { select: { subject: "usr_x" }, note: text }, /\/note/],
    ] as const) {
      const answer = await server.admin("POST", `/admin/v1/${path}`, body);
      assert.equal(answer.status, 400, `${path} ${JSON.stringify(text)}`);
      assert.match(answer.text, pointer);
    }
    const claims = await server.admin("POST", "/admin/v1/grants", {
      client_id: client.client_id,
      subject: "usr_x",
      claims: { [`k${text}`]: text },
    });
    assert.ok([201, 400].includes(claims.status), `claims ${JSON.stringify(text)}: ${claims.status}`);
    const filter = await server.admin(
      "GET",
      `/admin/v1/grants?subject=${encodeURIComponent(text.toWellFormed())}`,
    );
    assert.ok([200, 400].includes(filter.status));
  }
});

test("WEB-13 identifiers are compared as bytes: composed and decomposed, or look-alike, are different subjects", async () => {
  const subjects = ["Zo\u00eb", "Zoe\u0308", "admin\u0430", "admina", "ADMINA", "ﬁ", "fi"];
  const opened = await Promise.all(subjects.map((subject) => server.openGrant(client, subject)));
  for (const [index, subject] of subjects.entries()) {
    await server.admin("POST", "/admin/v1/revocations", { select: { subject } });
    const states = await Promise.all(
      opened.map(({ access_token }) => server.introspect(String(access_token))),
    );
    assert.deepEqual(
      states.map(({ active }) => active),
      subjects.map((_, at) => at > index),
      subject,
    );
  }
});
