// `rescind users create|list|setup-link`; how people sign in: user-sign-in.ts.

import type { NewUser, SetupLinkAnswer, UserAnswer, UserQuery } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { wrongUsage } from "../failure.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";
import { listOf, secretFrom } from "../parameters.ts";
import { subjectOf } from "../subject.ts";
import { addUserSignIn } from "./user-sign-in.ts";

type Role = NonNullable<NewUser["roles"]>[number];

interface CreateOptions extends ConnectionOptions {
  readonly sub?: string;
  readonly name?: string;
  readonly email?: string;
  readonly groups?: string[];
  readonly roles?: Role[];
  readonly password?: string;
  readonly passwordHash?: string;
  readonly setupLink?: true;
}

interface ListOptions extends ConnectionOptions, PageOptions {
  readonly username?: string;
  readonly email?: string;
  readonly role?: Role;
  readonly status?: "active" | "disabled";
}

const roles = ["viewer", "operator", "administrator"];

export function addUsers(program: Command): void {
  const users = program.command("users").description("people who sign in");
  connectable(users.command("create <username>"))
    .description("create a user; a password comes from standard input or through a setup link")
    .option("--sub <sub>", "the subject; made up if absent")
    .option("--name <name>", "as people call them")
    .option("--email <address>", "their email address")
    .option("--groups <list>", "comma-separated", listOf)
    .option("--roles <list>", `comma-separated: ${roles.join(", ")}`, listOf)
    .option("--password <->", "- reads the password from standard input")
    .option("--password-hash <->", "- reads another system's hash from standard input")
    .option("--setup-link", "print a link with which they set a password, once")
    .action(create);
  const list = users
    .command("list")
    .description("newest first")
    .option("--username <name>", "the user with this name")
    .option("--email <address>", "users with this email address")
    .addOption(new Option("--role <role>").choices(roles))
    .addOption(new Option("--status <status>").choices(["active", "disabled"]));
  pageable(connectable(list)).action(listUsers);
  connectable(users.command("setup-link <user>"))
    .description("print a link with which a user (username or sub) sets a password, once")
    .action(setupLink);
  addUserSignIn(users);
}

async function create(username: string, options: CreateOptions): Promise<void> {
  const { sub, name, email, groups } = options;
  if (options.password !== undefined && options.passwordHash !== undefined)
    throw wrongUsage("--password and --password-hash do not go together");
  const password = await secretFrom("--password", options.password);
  const hash = await secretFrom("--password-hash", options.passwordHash);
  const body: NewUser = {
    username,
    ...(sub === undefined ? {} : { sub }),
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(groups === undefined ? {} : { groups }),
    // The server names a role it does not know.
    ...(options.roles === undefined ? {} : { roles: options.roles }),
    ...(password === undefined ? {} : { password }),
    ...(hash === undefined ? {} : { password_hash: hash }),
  };
  const { admin } = connect(options);
  const user = await admin.createUser({ body });
  const link =
    options.setupLink === true ? await admin.createSetupLink({ params: { sub: user.sub } }) : undefined;
  print(options, user, link);
}

async function listUsers(options: ListOptions): Promise<void> {
  const found = await connect(options).admin.listUsers({ query: queryOf(options) });
  if (options.json === true) printJson(found);
  else printList(found, columns);
}

async function setupLink(user: string, options: ConnectionOptions): Promise<void> {
  const connection = connect(options);
  const sub = await subjectOf(user, connection);
  const link = await connection.admin.createSetupLink({ params: { sub } });
  if (options.json === true) printJson(link);
  else printMembers(link);
}

function queryOf({ username, email, role, status, ...options }: ListOptions): UserQuery {
  return {
    ...(username === undefined ? {} : { username }),
    ...(email === undefined ? {} : { email }),
    ...(role === undefined ? {} : { role }),
    ...(status === undefined ? {} : { status }),
    ...pageOf(options),
  };
}

function print(options: ConnectionOptions, user: UserAnswer, link: SetupLinkAnswer | undefined): void {
  if (options.json === true) {
    printJson({ ...user, ...link });
    return;
  }
  printMembers({
    sub: user.sub,
    username: user.username,
    name: user.name,
    email: user.email,
    groups: user.groups.join(", "),
    roles: user.roles.join(", "),
    status: user.status,
    password: user.has_password ? "set" : "none yet",
    ...link,
  });
}

const columns: readonly Column<UserAnswer>[] = [
  ["SUB", (item) => item.sub],
  ["USERNAME", (item) => item.username],
  ["NAME", (item) => item.name],
  ["EMAIL", (item) => item.email],
  ["STATUS", (item) => item.status],
  ["ROLES", (item) => item.roles.join(",")],
  ["PASSWORD", (item) => (item.has_password ? "set" : "none")],
  ["CREATED", (item) => item.created_at],
];
