// Two people at /account/v1, each with everything, and nobody reaches the other's. THREATS WEB-04.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { accountWorld, ids } from "./world.ts";

const world = await accountWorld();
after(() => world.close());
const { server, people, app, someone, call, items, isActive } = world;

describe("nobody reaches another's", () => {
  test("WEB-04 every call with another person's ids is 404 like one with ids of nothing, and changes nothing", async () => {
    const [ada, bob] = [await someone(), await someone()];
    const only = await people.client({ name: "Bob's" });
    const his = await people.tokens(only, bob);
    const { grant_id } = ids(his);
    const head = (await server.introspect(ada.token)).head;
    for (const path of ["applications", "grants", "sessions"] as const) {
      const theirs = { applications: only.client_id, grants: grant_id, sessions: bob.sessionId }[path];
      const nothing = { applications: "nobody", grants: "gnt_1", sessions: "ses_1" }[path];
      for (const part of path === "applications" ? ["", "/scopes/openid"] : [""]) {
        const [answer, none] = [
          await call(ada.token, "DELETE", `/${path}/${theirs}${part}`),
          await call(ada.token, "DELETE", `/${path}/${nothing}${part}`),
        ];
        assert.deepEqual([answer.status, answer.json], [404, none.json], path);
      }
      const listed = await items(ada.token, `/${path}`);
      assert.ok(!JSON.stringify(listed).includes(theirs), path);
    }
    assert.deepEqual(await items(ada.token, `/grants?client_id=${only.client_id}`), []);
    assert.equal((await server.introspect(ada.token)).head, head, "nothing was ordered");
    assert.equal(await isActive(his.access_token), true);
  });

  test("WEB-04 a subject that is sent along is refused, not obeyed", async () => {
    const [ada, bob] = [await someone(), await someone()];
    for (const path of ["/profile", "/applications", "/grants", "/sessions", "/revocations"])
      assert.equal((await call(ada.token, "GET", `${path}?subject=${bob.subject}`)).status, 400, path);
    for (const path of ["/sign-out-everywhere", "/sessions/revoke-others", "/password"])
      assert.equal((await call(ada.token, "POST", path, { subject: bob.subject })).status, 400, path);
    assert.equal(await isActive(ada.token), true);
    assert.equal(await isActive(bob.token), true);
  });

  test("WEB-04 what one person does to themselves leaves the other as they were", async () => {
    const [ada, bob] = [await someone(), await someone()];
    assert.equal((await call(ada.token, "DELETE", `/applications/${app.client_id}`)).status, 204);
    assert.equal(await isActive(ada.token), false);
    const again = await people.tokens(app, ada, { scopes: ["openid", "rescind:account"] });
    assert.equal((await call(again.access_token, "POST", "/sign-out-everywhere")).status, 200);
    assert.equal(await isActive(bob.token), true);
    assert.deepEqual(await items(bob.token, "/revocations"), []);
  });

  test("WEB-04 the administration's scopes open no account, and the account's none of the administration", async () => {
    const ada = await someone();
    assert.equal((await call(await server.adminToken(), "GET", "/profile")).status, 403);
    const machine = await server.tokenWithScope("rescind:account");
    const refused = await call(machine, "GET", "/profile");
    assert.deepEqual([refused.status, refused.json.code], [403, "insufficient-scope"]);
    const headers = { authorization: `Bearer ${ada.token}` };
    assert.equal((await server.request("/admin/v1/settings", { headers })).status, 403);
  });
});
