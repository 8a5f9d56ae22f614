// The units a revocation can name, and which of them a token belongs to. DESIGN.md sections 1, 3 and 5.
// Every unit is judged by itself; nothing here combines two of them.

/** The names of all units, as they stand on the wire. */
export const unitNames = [
  "token",
  "grant",
  "session",
  "logout",
  "subject",
  "client",
  "subject+client",
  "key",
  "signing-key",
  "issuer",
  "all",
] as const;

export type UnitName = (typeof unitNames)[number];

/** One thing that can be revoked. `client` stands beside `value` for `subject+client` only. */
export interface Unit {
  readonly name: UnitName;
  readonly issuer: string;
  /** Empty for `issuer` and `all`. */
  readonly value: string;
  readonly client?: string | undefined;
}

/**
 * What the rule needs to know of a token, or of anything that can become one (session, code, refresh token).
 * Times are seconds since 1970.
 */
export interface Judged {
  readonly issuer: string;
  /** False for the JWTs of a registered foreign issuer, which carry no `rev`. */
  readonly ours: boolean;
  readonly tokenId?: string | undefined;
  readonly grantId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly subject?: string | undefined;
  readonly clientId?: string | undefined;
  readonly keyId?: string | undefined;
  /** The `kid` of the key that signed it; absent for opaque tokens. */
  readonly signingKey?: string | undefined;
  readonly offline: boolean;
  /** The log's head when the decision to issue it began. */
  readonly rev?: number | undefined;
  /** `grant_iat`; for client credentials and foreign JWTs `iat`; for a login session `auth_time`. */
  readonly authorisedAt?: number | undefined;
  readonly expiresAt: number;
  readonly notBefore?: number | undefined;
  /** Fingerprints (base64url) of every unit of the tokens it was exchanged from. */
  readonly lineage: readonly string[];
}

/** True where an entry of this unit covers only what was issued before it; the others cover for good. */
export function isWide(name: UnitName): boolean {
  return name !== "token" && name !== "grant" && name !== "signing-key";
}

export function isUnitName(text: unknown): text is UnitName {
  return typeof text === "string" && (unitNames as readonly string[]).includes(text);
}

/**
 * Every unit this token belongs to, without those of its lineage.
 * Our client-credentials tokens (`sub` is the client's id) have no `subject` unit; a foreign token has only
 * `token`, `subject` and `issuer`, whatever its `sub` is.
 */
export function unitsOf(token: Judged): Unit[] {
  const { issuer } = token;
  const units: Unit[] = [{ name: token.ours ? "all" : "issuer", issuer, value: "" }];
  if (token.tokenId !== undefined) units.push({ name: "token", issuer, value: token.tokenId });
  const isClient = token.ours && token.subject === token.clientId;
  if (token.subject !== undefined && !isClient) units.push({ name: "subject", issuer, value: token.subject });
  if (!token.ours) return units;
  if (token.grantId !== undefined) units.push({ name: "grant", issuer, value: token.grantId });
  if (token.sessionId !== undefined) units.push({ name: "session", issuer, value: token.sessionId });
  if (token.sessionId !== undefined && !token.offline)
    units.push({ name: "logout", issuer, value: token.sessionId });
  if (token.clientId !== undefined) units.push({ name: "client", issuer, value: token.clientId });
  if (token.subject !== undefined && token.clientId !== undefined)
    units.push({ name: "subject+client", issuer, value: token.subject, client: token.clientId });
  if (token.keyId !== undefined) units.push({ name: "key", issuer, value: token.keyId });
  if (token.signingKey !== undefined) units.push({ name: "signing-key", issuer, value: token.signingKey });
  return units;
}

/** One text per unit, for indexes in memory. Issuers, our subjects and client ids have no line break in them. */
export function unitKey({ name, issuer, value, client }: Unit): string {
  // Every look-up hashes the whole text, so it says nothing twice.
  return client === undefined ? `${name}\n${value}\n${issuer}` : `${name}\n${value}\n${client}\n${issuer}`;
}
