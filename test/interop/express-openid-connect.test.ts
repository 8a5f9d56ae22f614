// `express-openid-connect`, Auth0's middleware for Express applications, with plain and with pushed requests.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import express, { type Request, type Response } from "express";
import openid from "express-openid-connect";
import { everything, listening, startWithAlice } from "./alice.ts";

const party = await startWithAlice();
const { server, alice } = party;
after(() => server.close());

for (const pushed of [false, true]) {
  const how = pushed ? "pushed requests" : "plain requests";
  test(`express-openid-connect logs in by ${how}, refreshes, meets a revocation and logs out`, async () => {
    const app = express();
    const application = await listening(app);
    after(() => application.close());
    const { origin } = application;
    const registered = await party.client(`${origin}/callback`, { post_logout_redirect_uris: [origin] });
    app.use(
      openid.auth({
        issuerBaseURL: server.issuer,
        baseURL: origin,
        clientID: registered.client_id,
        clientSecret: registered.client_secret,
        secret: "a long enough secret for the application's own cookie",
        authRequired: false,
        idpLogout: true,
        pushedAuthorizationRequests: pushed,
        authorizationParams: { response_type: "code", scope: everything },
      }),
    );
    app.get("/", (request: Request, response: Response) => {
      response.json({ signedIn: request.oidc.isAuthenticated() });
    });
    app.get("/profile", openid.requiresAuth(), async (request: Request, response: Response) => {
      response.json(await request.oidc.fetchUserInfo());
    });
    app.get("/tokens", openid.requiresAuth(), (request: Request, response: Response) => {
      const { accessToken, refreshToken } = request.oidc;
      response.json({ access: accessToken?.access_token, refresh: refreshToken });
    });
    app.get("/refresh", openid.requiresAuth(), async (request: Request, response: Response) => {
      try {
        const refreshed = await request.oidc.accessToken?.refresh();
        response.json({ access: refreshed?.access_token });
      } catch (error) {
        response.json({ error: error instanceof Error && "error" in error ? error.error : String(error) });
      }
    });

    const person = party.browser(origin);
    const read = async (path: string) => JSON.parse((await person.open(`${origin}${path}`)).text);
    assert.deepEqual(await read("/"), { signedIn: false });
    const home = await person.signIn(`${origin}/profile`, alice);
    const profile = JSON.parse(home.text);
    assert.equal(profile.sub, alice.sub, home.text);
    assert.equal(profile.email, "alice@example.com");

    const first = await read("/tokens");
    const { access } = await read("/refresh");
    assert.notEqual(access, first.access);
    assert.equal((await server.introspect(access)).active, true);
    const { refresh } = await read("/tokens");
    assert.equal((await server.form("/oauth2/revoke", { token: refresh }, registered)).status, 200);
    assert.deepEqual(await server.introspect(access), { active: false });
    assert.deepEqual(await read("/refresh"), { error: "invalid_grant" });

    assert.deepEqual(JSON.parse((await person.open(`${origin}/logout`)).text), { signedIn: false });
    const again = await person.open(`${origin}/login`);
    assert.ok(
      again.forms.some((form) => form.names.includes("password")),
      again.text,
    );
  });
}
