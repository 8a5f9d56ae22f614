// `passport-openidconnect`, which knows no PKCE, no refresh and no logout: what it does not do, the application does.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import express, { type Request, type Response } from "express";
import session from "express-session";
import passport from "passport";
import { type Profile, Strategy, type VerifyCallback } from "passport-openidconnect";
import { everything, listening, startWithAlice } from "./alice.ts";

const party = await startWithAlice();
const { server, alice } = party;
after(() => server.close());

const app = express();
const application = await listening(app);
after(() => application.close());
const { origin } = application;

const registered = await party.client(`${origin}/callback`, {
  require_pkce: false,
  post_logout_redirect_uris: [`${origin}/goodbye`],
});

/** What the library hands over after a login, the newest last. */
const logins: { profile: Profile; id: string; access: string; refresh: string }[] = [];

passport.use(
  new Strategy(
    {
      issuer: server.issuer,
      authorizationURL: `${server.issuer}/oauth2/authorize`,
      tokenURL: `${server.issuer}/oauth2/token`,
      userInfoURL: `${server.issuer}/oauth2/userinfo`,
      clientID: registered.client_id,
      clientSecret: registered.client_secret,
      callbackURL: `${origin}/callback`,
      scope: everything.split(" ").slice(1),
      maxAge: "600",
      nonce: "yes",
      skipUserProfile: false,
    },
    // The library chooses what it hands over by the number of parameters.
    (
      _issuer: string,
      profile: Profile,
      _context: object,
      id: string | object,
      access: string | object,
      refresh: string,
      done: VerifyCallback,
    ) => {
      logins.push({ profile, id: String(id), access: String(access), refresh });
      done(null, profile);
    },
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));
app.use(session({ secret: "the application's own", resave: false, saveUninitialized: false }));
app.use(passport.initialize());
app.use(passport.session());
app.get("/login", passport.authenticate("openidconnect"));
app.get(
  "/callback",
  passport.authenticate("openidconnect", { failWithError: true }),
  (_request, response) => {
    response.redirect("/");
  },
);
app.get("/", (request: Request, response: Response) => {
  response.json({ user: request.user ?? null });
});
app.get("/goodbye", (_request, response) => {
  response.json({ goodbye: true });
});

test("passport-openidconnect hands a refusal to consent to the application as a failed login", async () => {
  const person = party.browser(origin);
  const refused = await person.signIn(`${origin}/login`, { ...alice, consent: "deny" });
  assert.equal(refused.status, 401);
});

test("passport-openidconnect logs in without PKCE and reads the profile at userinfo", async () => {
  const person = party.browser(origin);
  const home = await person.signIn(`${origin}/login`, alice);
  assert.equal(JSON.parse(home.text).user?.id, alice.sub, home.text);
  const login = logins.at(-1);
  assert.ok(login);
  assert.equal(login.profile.displayName, "Alice Liddell");
  assert.equal((await server.introspect(login.access)).active, true);

  const refreshed = await server.form(
    "/oauth2/token",
    { grant_type: "refresh_token", refresh_token: login.refresh },
    registered,
  );
  assert.equal(refreshed.status, 200, refreshed.text);
  const revoked = await server.form("/oauth2/revoke", { token: login.access }, registered);
  assert.equal(revoked.status, 200);
  assert.deepEqual(await server.introspect(login.access), { active: false });

  const bye = new URL(`${server.issuer}/oauth2/logout`);
  bye.search = String(
    new URLSearchParams({ id_token_hint: login.id, post_logout_redirect_uri: `${origin}/goodbye` }),
  );
  assert.equal((await person.open(bye)).text, '{"goodbye":true}');
  const again = await person.open(`${origin}/login`);
  assert.ok(
    again.forms.some((form) => form.names.includes("password")),
    again.text,
  );
});
