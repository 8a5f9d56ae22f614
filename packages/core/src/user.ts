// People: what is known of a user, and what of it a client is told. OpenID Connect Core sections 5.1 and 5.4.

export const userRoles = ["viewer", "operator", "administrator"] as const;

export type UserRole = (typeof userRoles)[number];

export interface User {
  /** Random, public, never the username. */
  readonly subject: string;
  readonly username: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly groups: readonly string[];
  /** Further members by name; clients see those that their configuration names. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly roles: readonly UserRole[];
  readonly status: "active" | "disabled";
}

/** Scopes of the admin API that a person's roles allow. Everybody may administer their own account. */
export function scopesOfRoles(roles: readonly UserRole[]): readonly string[] {
  const byRole = {
    viewer: "rescind:read",
    operator: "rescind:revoke",
    administrator: "rescind:admin",
  } as const;
  const highest = userRoles.findLastIndex((role) => roles.includes(role));
  return ["rescind:account", ...userRoles.slice(0, highest + 1).map((role) => byRole[role])];
}

/** Whether this person may have a scope at all: those of our own endpoints by role, except where a person has none. */
export function personMayHave(scope: string, user: User): boolean {
  return !scope.startsWith("rescind:") || scopesOfRoles(user.roles).includes(scope);
}

/** Claims about the person that the scopes release, for userinfo (and nothing of it in the ID token of the code flow). */
export function userClaims(user: User, scopes: readonly string[]): Record<string, unknown> {
  const profile = {
    preferred_username: user.username,
    ...(user.name === undefined ? {} : { name: user.name }),
  };
  const email = user.email === undefined ? {} : { email: user.email, email_verified: user.emailVerified };
  return {
    sub: user.subject,
    ...(scopes.includes("profile") ? profile : {}),
    ...(scopes.includes("email") ? email : {}),
    ...(scopes.includes("groups") ? { groups: user.groups } : {}),
  };
}

/**
 * A client's configured claims for this person: a value `{ "user_field": NAME }` stands for the user's `username`,
 * `upn` (the same), `name`, `email`, `groups` or a member of `claims`; it is left out where the user has none. Other
 * values go as they are.
 */
export function resolveClaims(
  configured: Readonly<Record<string, unknown>>,
  user: User | undefined,
): Record<string, unknown> {
  const resolved: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(configured)) {
    const field = userFieldOf(value);
    const found = field === undefined ? value : userField(user, field);
    if (found !== undefined) resolved[name] = found;
  }
  return resolved;
}

/** The user field that a configured claim stands for; undefined for a plain value. */
export function userFieldOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const members = Object.entries(value);
  const [first] = members;
  const isReference = members.length === 1 && first?.[0] === "user_field" && typeof first[1] === "string";
  return isReference ? String(first[1]) : undefined;
}

function userField(user: User | undefined, field: string): unknown {
  if (user === undefined) return undefined;
  switch (field) {
    case "username":
    case "upn":
      return user.username;
    case "name":
      return user.name;
    case "email":
      return user.email;
    case "groups":
      return user.groups;
    default:
      return Object.hasOwn(user.claims, field) ? user.claims[field] : undefined;
  }
}
