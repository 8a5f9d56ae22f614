// `npm run demo -- --browser`: the quickstart of examples/quickstart against a server of its own, for two windows of a
// browser. Prints what to open; when a call is refused, how long after the order that was.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type AdminClient, createAdminClient } from "@rescind/admin-api";
import { freePort, type Process, startProcess } from "./processes.ts";
import { credentialsOf, ordersUrl, readAdmin, requestToken } from "./steps.ts";

export interface Stage {
  readonly issuer: string;
  /** The server's data; the built page goes beside it, and both away with it. */
  readonly folder: string;
  /** Remembers a process, which is stopped at the end. */
  started(process: Process): Process;
}

interface Guest {
  readonly username: string;
  readonly password: string;
  readonly sub: string;
}

/** Returns once everything runs and has been announced. */
export async function openForBrowsers(stage: Stage): Promise<void> {
  const { issuer } = stage;
  const admin = createAdminClient({
    server: issuer,
    token: () => requestToken(issuer, readAdmin(stage.folder)),
  });
  const ada = await invite(admin, { username: "ada", name: "Ada", groups: ["sales"] });
  const grace = await invite(admin, { username: "grace", name: "Grace", roles: ["operator"] });
  const page = await buildPage(stage);
  const application = await startQuickstart(stage, { admin, page, watched: ada });
  console.log(`
Open two windows that share no cookies (one of them private):

  1. ${application}
     Sign in as ${ada.username} with the password ${ada.password}: the page calls its API twice a second.
  2. ${issuer}/console/revocations/new?kind=subject&value=${ada.sub}
     Sign in as ${grace.username} with the password ${grace.password}, an operator, and press Revoke.

Look at the first window. Ctrl+C ends all of it and removes what it has written.
`);
}

interface NewGuest {
  readonly username: string;
  readonly name: string;
  readonly groups?: string[] | undefined;
  readonly roles?: ["operator"] | undefined;
}

async function invite(admin: AdminClient, guest: NewGuest): Promise<Guest> {
  const { username, name, groups = [], roles = [] } = guest;
  const password = randomBytes(9).toString("base64url");
  const { sub } = await admin.createUser({
    body: { username, name, password, groups, roles, email: `${username}@acme.example` },
  });
  return { username, password, sub };
}

/** The folder with the page as browsers get it. */
async function buildPage({ folder, started }: Stage): Promise<string> {
  const page = join(folder, "page");
  const vite = ["node_modules/vite/bin/vite.js", "build", "examples/quickstart/page"];
  const built = startProcess("vite", [...vite, "--outDir", page, "--logLevel", "warn"], {});
  await started(built).ended();
  return page;
}

interface Quickstart {
  readonly admin: AdminClient;
  readonly page: string;
  /** Whose orders the refusals are measured from. */
  readonly watched: Guest;
}

async function startQuickstart(
  { issuer, started }: Stage,
  { admin, page, watched }: Quickstart,
): Promise<string> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  await admin.putResource({ body: { resource: ordersUrl, scopes: ["orders:read"] } });
  const api = credentialsOf(
    await admin.createClient({
      body: {
        name: "Orders API",
        grant_types: ["client_credentials"],
        scope: "rescind:feed rescind:introspect",
      },
    }),
  );
  const { client_id: pageClientId } = await admin.createClient({
    body: {
      name: "Orders",
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "none",
      redirect_uris: [`${origin}/callback`],
      allowed_origins: [origin],
      first_party: true,
      scope: "openid orders:read",
      audience: [ordersUrl],
      access_token_format: "jwt",
      access_token_ttl: 3600,
      custom_claims: { email: { user_field: "email" }, groups: { user_field: "groups" } },
    },
  });
  const quickstart = startProcess("quickstart", ["examples/quickstart/main.ts"], {
    PORT: String(port),
    ISSUER: issuer,
    AUDIENCE: ordersUrl,
    CLIENT_ID: api.id,
    CLIENT_SECRET: api.secret,
    PAGE_CLIENT_ID: pageClientId,
    PAGE: page,
  });
  started(quickstart);
  const told = new Set<string>();
  const tell = async (refusedAt: number): Promise<void> => {
    const { items } = await admin.listRevocations({ query: { subject: watched.sub, limit: 1 } });
    const [order] = items;
    if (order === undefined || told.has(order.id)) return;
    told.add(order.id);
    const after = refusedAt - Date.parse(order.at);
    console.log(`The API refused a call ${after} ms after the order with the number ${order.seq}.`);
  };
  quickstart.onLine((line) => {
    const refusedAt = refusalIn(line);
    if (refusedAt !== undefined) tell(refusedAt).catch((error: unknown) => console.error("demo:", error));
  });
  await quickstart.answering(`${origin}/health`);
  return `${origin}/`;
}

/** When a call was refused, in milliseconds since 1970, where the line says so. */
function refusalIn(line: string): number | undefined {
  if (!line.startsWith('{"msg":"refused"')) return undefined;
  const { at }: { at: number } = JSON.parse(line); // main.ts wrote it
  return at;
}
