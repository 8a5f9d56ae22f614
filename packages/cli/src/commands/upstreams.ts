// `rescind upstreams list|create|update|delete|check|tokens|retry`: OpenID providers that people sign in through, and what
// became of the tokens of their sign-ins.

import type {
  NewUpstream,
  UpstreamAnswer,
  UpstreamChange,
  UpstreamTokenItem,
  UpstreamTokenQuery,
} from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { askBefore } from "../confirmation.ts";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";
import { listOf, secretFrom } from "../parameters.ts";

interface Settings {
  readonly clientSecret?: string;
  readonly scopes?: string[];
  readonly createUsers?: boolean;
  readonly linkByEmail?: boolean;
  readonly trustMfa?: boolean;
  readonly enabled?: boolean;
}

interface UpdateOptions extends ConnectionOptions, Settings {
  readonly name?: string;
  readonly clientId?: string;
}

interface TokenOptions extends ConnectionOptions, PageOptions {
  readonly status?: UpstreamTokenItem["status"];
}

export function addUpstreams(program: Command): void {
  const upstreams = program.command("upstreams").description("OpenID providers that people sign in through");
  pageable(connectable(upstreams.command("list").description("all of them"))).action(list);
  settable(upstreams.command("create <upstream_id> <issuer> <client_id>"))
    .description("add a provider; register the redirect_uri that is printed there")
    .requiredOption("--name <name>", 'as people know it: "Continue with" it')
    .action(create);
  settable(upstreams.command("update <upstream_id>"))
    .description("change a provider; its issuer stays")
    .option("--name <name>", "as people know it")
    .option("--client-id <id>", "what the provider calls this server")
    .action(update);
  connectable(upstreams.command("delete <upstream_id>"))
    .description("remove a provider: its identities are forgotten, its tokens are revoked there")
    .option("--yes", "do not ask")
    .action(remove);
  connectable(upstreams.command("check <upstream_id>"))
    .description("ask the provider for its metadata now")
    .action(check);
  pageable(connectable(upstreams.command("tokens <upstream_id>")))
    .description("tokens of sign-ins and what became of each, newest first; never by value")
    .addOption(
      new Option("--status <status>").choices(["held", "pending", "revoked", "expired", "left", "dead"]),
    )
    .action(tokens);
  connectable(upstreams.command("retry <upstream_id> <token_id>"))
    .description("try again to revoke a token that was given up")
    .action(retry);
}

function settable(command: Command): Command {
  return connectable(command)
    .option("--client-secret <->", "- reads it from standard input")
    .option("--scopes <list>", "openid among them (openid profile email)", listOf)
    .option("--create-users", "whoever comes for the first time becomes a user")
    .option("--no-create-users", "nobody does")
    .option("--link-by-email", "a verified address joins the user who has verified the same and has no role")
    .option("--no-link-by-email", "no address does")
    .option("--trust-mfa", "a second factor that was shown there is not asked for again")
    .option("--no-trust-mfa", "it is asked for")
    .option("--enabled", "people can sign in through it")
    .option("--no-enabled", "nobody can");
}

async function list(options: ConnectionOptions & PageOptions): Promise<void> {
  const found = await connect(options).admin.listUpstreams({ query: pageOf(options) });
  if (options.json === true) printJson(found);
  else printList(found, columns);
}

async function create(
  upstreamId: string,
  issuer: string,
  clientId: string,
  options: ConnectionOptions & Settings & { readonly name: string },
): Promise<void> {
  const named: NewUpstream = { upstream_id: upstreamId, name: options.name, issuer, client_id: clientId };
  const body: NewUpstream = { ...named, ...(await settingsOf(options)) };
  print(options, await connect(options).admin.createUpstream({ body }));
}

async function update(upstreamId: string, options: UpdateOptions): Promise<void> {
  const { name, clientId } = options;
  const body: UpstreamChange = {
    ...(name === undefined ? {} : { name }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(await settingsOf(options)),
  };
  const params = { upstream_id: upstreamId };
  print(options, await connect(options).admin.changeUpstream({ params, body }));
}

async function settingsOf(options: Settings): Promise<UpstreamChange> {
  const { scopes, createUsers, linkByEmail, trustMfa, enabled } = options;
  const clientSecret = await secretFrom("--client-secret", options.clientSecret);
  return {
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(createUsers === undefined ? {} : { create_users: createUsers }),
    ...(linkByEmail === undefined ? {} : { link_by_email: linkByEmail }),
    ...(trustMfa === undefined ? {} : { trust_mfa: trustMfa }),
    ...(enabled === undefined ? {} : { enabled }),
  };
}

async function remove(
  upstreamId: string,
  options: ConnectionOptions & { readonly yes?: boolean },
): Promise<void> {
  if (options.yes !== true)
    await askBefore(
      [`Nobody signs in through ${upstreamId} any more, and whom it knew is forgotten.`],
      "Delete?",
    );
  await connect(options).admin.deleteUpstream({ params: { upstream_id: upstreamId } });
  if (options.json !== true) console.log(`${upstreamId} is deleted`);
}

async function check(upstreamId: string, options: ConnectionOptions): Promise<void> {
  const found = await connect(options).admin.checkUpstream({ params: { upstream_id: upstreamId } });
  if (options.json === true) printJson(found);
  else
    printMembers({
      reachable: found.reachable ? "yes" : "no",
      problem: found.problem ?? undefined,
      revocation_endpoint: found.revocation_endpoint ?? "none",
      checked_at: found.checked_at,
    });
  if (!found.reachable) process.exitCode = 1;
}

async function tokens(upstreamId: string, options: TokenOptions): Promise<void> {
  const query: UpstreamTokenQuery = {
    ...(options.status === undefined ? {} : { status: options.status }),
    ...pageOf(options),
  };
  const params = { upstream_id: upstreamId };
  const found = await connect(options).admin.listUpstreamTokens({ params, query });
  if (options.json === true) printJson(found);
  else printList(found, tokenColumns);
}

async function retry(upstreamId: string, tokenId: string, options: ConnectionOptions): Promise<void> {
  const params = { upstream_id: upstreamId, token_id: tokenId };
  await connect(options).admin.retryUpstreamToken({ params });
  if (options.json !== true) console.log(`${tokenId} is on its way again`);
}

function print(options: ConnectionOptions, upstream: UpstreamAnswer): void {
  if (options.json === true) {
    printJson(upstream);
    return;
  }
  const { tokens: counts, scopes, ...shown } = upstream;
  printMembers({
    ...Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, String(value)])),
    scopes: scopes.join(" "),
    tokens: countsOf(counts),
  });
}

function countsOf(counts: UpstreamAnswer["tokens"]): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? "none" : some.map(([status, count]) => `${count} ${status}`).join(", ");
}

const columns: readonly Column<UpstreamAnswer>[] = [
  ["UPSTREAM", (item) => item.upstream_id],
  ["NAME", (item) => item.name],
  ["ENABLED", (item) => (item.enabled ? "yes" : "no")],
  ["ISSUER", (item) => item.issuer],
  ["TOKENS", (item) => countsOf(item.tokens)],
  ["REDIRECT URI", (item) => item.redirect_uri],
];

const tokenColumns: readonly Column<UpstreamTokenItem>[] = [
  ["TOKEN", (item) => item.token_id],
  ["STATUS", (item) => item.status],
  ["SUBJECT", (item) => item.subject],
  ["SESSION", (item) => item.session_id],
  ["ENDED BY", (item) => item.ended_by],
  ["ATTEMPTS", (item) => item.attempts],
  ["LAST RESULT", (item) => item.last_result],
  ["NEXT ATTEMPT", (item) => item.next_attempt_at],
];
