// `rescind login` and `rescind logout`: a person's own tokens for the other commands, through the browser (authorization
// code with PKCE and state, RFC 8252), and their end.

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import type { Command } from "commander";
import { type ConnectionOptions, connectable, serverOf } from "../connection.ts";
import { fetchFrom, jsonObject } from "../exchange.ts";
import { refused } from "../failure.ts";
import { forgetLogin, loginPath, readLogin, writeLogin } from "../login-file.ts";
import { clientId, type Endpoints, endLogin, getTokens } from "../login-tokens.ts";
import { listenForAnswer } from "../loopback.ts";
import { printable, printJson } from "../output.ts";

interface LoginOptions extends ConnectionOptions {
  readonly open?: true;
}

/** What a person may have follows from their roles; the rest is left out by the server. */
const scope = "openid profile rescind:account rescind:read rescind:revoke rescind:admin";
/** Milliseconds for which a login may take in the browser. */
const patience = 600_000;

export function addLogin(program: Command): void {
  connectable(program.command("login"))
    .description("sign in through the browser; other commands then use it where there is no admin.json")
    .option("--open", "open the browser")
    .action(login);
  connectable(program.command("logout"))
    .description("revoke the tokens of the login and forget them")
    .action(logout);
}

async function login(options: LoginOptions): Promise<void> {
  const server = serverOf(options);
  const { authorizationEndpoint, userinfoEndpoint, ...endpoints } = await discover(server);
  const state = randomBytes(16).toString("base64url");
  const verifier = randomBytes(32).toString("base64url");
  const loopback = await listenForAnswer(state, patience);
  const { redirectUri } = loopback;
  try {
    const url = new URL(authorizationEndpoint);
    url.search = new URLSearchParams({
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    }).toString();
    console.error(`Sign in at ${server}, in a browser on this machine:\n\n  ${url}\n`);
    if (options.open === true) openBrowser(url);
    const code = codeIn(await loopback.answer, server);
    const grant = { grant_type: "authorization_code", code, redirect_uri: redirectUri };
    const tokens = await getTokens(endpoints, { ...grant, code_verifier: verifier });
    const path = loginPath(server, process.env);
    const before = readLogin(path);
    writeLogin(path, tokens);
    const { accessToken, scope: granted } = tokens;
    const username = await nameOf(accessToken, server, userinfoEndpoint);
    if (options.json === true) printJson({ server, username, scope: granted, file: path });
    else console.log(`Signed in at ${server} as ${printable(username)}: ${printable(granted)}`);
    // Otherwise it would live on where nobody can reach it.
    if (before !== undefined) await endLogin(before);
  } finally {
    loopback.close();
  }
}

async function logout(options: ConnectionOptions): Promise<void> {
  const server = serverOf(options);
  const path = loginPath(server, process.env);
  const kept = readLogin(path);
  if (kept === undefined) throw refused(`nobody is logged in at ${server}`);
  await endLogin(kept);
  forgetLogin(path);
  if (options.json === true) printJson({ server });
  else console.log(`Logged out of ${server}: the tokens are revoked.`);
}

interface Discovered extends Endpoints {
  readonly authorizationEndpoint: string;
  readonly userinfoEndpoint: string;
}

/** OpenID Connect Discovery section 4.3: the issuer must be the one that was asked. */
async function discover(server: string): Promise<Discovered> {
  const url = `${server}/.well-known/openid-configuration`;
  const response = await fetchFrom(server)(url, { redirect: "error" });
  const found = await jsonObject(response);
  if (!response.ok) throw refused(`${url}: status ${response.status}`);
  if (found.issuer !== server)
    throw refused(`${server} calls itself ${printable(String(found.issuer))}; use that with --server`);
  const endpoint = (name: string): string => {
    const value = found[name];
    if (typeof value !== "string" || !URL.canParse(value)) throw refused(`${url} names no ${name}`);
    return value;
  };
  return {
    server,
    authorizationEndpoint: endpoint("authorization_endpoint"),
    userinfoEndpoint: endpoint("userinfo_endpoint"),
    tokenEndpoint: endpoint("token_endpoint"),
    revocationEndpoint: endpoint("revocation_endpoint"),
  };
}

/** RFC 9207: an answer of another server is not taken for this one's. */
function codeIn(answer: URLSearchParams, server: string): string {
  if (answer.get("iss") !== server) throw refused("the answer came from another server; nothing was kept");
  const code = answer.get("code");
  if (code !== null) return code;
  throw refused(
    `${server} refused: ${printable(answer.get("error_description") ?? answer.get("error") ?? "no code")}`,
  );
}

/** Who has signed in, which the person should see: it may be another account than they think. */
async function nameOf(token: string, server: string, userinfoEndpoint: string): Promise<string> {
  const response = await fetchFrom(server)(userinfoEndpoint, {
    headers: { authorization: `Bearer ${token}` },
    redirect: "error",
  });
  const { preferred_username: name, sub } = await jsonObject(response);
  if (!response.ok) throw refused(`${server} does not say who signed in: status ${response.status}`);
  return typeof name === "string" ? name : String(sub);
}

/** The URL goes as one argument, through no shell. */
function openBrowser(url: URL): void {
  const [command, ...before] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(command ?? "xdg-open", [...before, url.href], { stdio: "ignore", detached: true });
  child.on("error", (error) => console.error(`The browser does not open (${error.message}); open the URL.`));
  child.unref();
}

const openers: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};
