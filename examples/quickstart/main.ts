// The quickstart's API and the files of its page, at one origin. The API decides by what stands in the token: who is in
// the group `sales` may read orders. Tokens are checked here, without a network call. See README.md.

import { createVerifier, type ExpressRequest } from "@rescind/verifier";
import express, { type Request } from "express";

const issuer = setting("ISSUER");
const verifier = await createVerifier({
  issuer,
  audience: setting("AUDIENCE"),
  clientId: setting("CLIENT_ID"),
  clientSecret: setting("CLIENT_SECRET"),
  name: "quickstart-api",
});
/** What the page has to know before anybody is signed in; none of it is secret. */
const pageSettings = { issuer, clientId: setting("PAGE_CLIENT_ID") };
const policy = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:",
  `connect-src 'self' ${new URL(issuer).origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
].join("; ");

const app = express();
app.disable("x-powered-by");

app.use("/api", (_request, response, next) => {
  // Of a page that calls twice a second only the refusals are told.
  response.on("finish", () => {
    if (response.statusCode === 401) console.log(JSON.stringify({ msg: "refused", at: Date.now() }));
  });
  next();
});

const mayRead = verifier.express({ scope: "orders:read" });
app.get("/api/orders", mayRead, (request: Request & ExpressRequest, response) => {
  const { email, groups } = request.auth?.claims ?? {};
  if (!Array.isArray(groups) || !groups.includes("sales")) {
    response.status(403).json({ detail: "orders are for the group sales" });
    return;
  }
  response.json({ reader: email, groups, orders: ["Tea, 500 g", "A kettle"] });
});

/** Whether this API can decide by itself right now. */
app.get("/health", (_request, response) => {
  const { freshness } = verifier.status();
  response.status(freshness === "fresh" ? 200 : 503).json({ freshness });
});

app.get("/settings.json", (_request, response) => {
  response.json(pageSettings);
});

app.use((_request, response, next) => {
  response.setHeader("content-security-policy", policy);
  response.setHeader("referrer-policy", "no-referrer");
  next();
});
app.use(express.static(setting("PAGE")));
app.get("/callback", (_request, response) => {
  response.sendFile("index.html", { root: setting("PAGE") });
});

const server = app.listen(Number(setting("PORT")), "127.0.0.1", (error) => {
  if (error !== undefined) throw error;
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    server.close(async () => {
      await verifier.close();
    });
    server.closeAllConnections();
  });
}

function setting(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  console.error(`quickstart: set ${name}; \`npm run demo -- --browser\` sets all of them`);
  process.exit(2);
}
