// What the server runs with, for console, CLI and `doctor`. No secrets, no paths.

import Type from "typebox";
import { Count, Time, type Wire } from "./field.ts";
import { Position } from "./verifier.ts";

const DigestKind = Type.Enum(["sha-256", "hmac-sha-256"], { type: "string" });

/** All lives in seconds. */
export const Settings = Type.Object({
  issuer: Type.String(),
  version: Type.String(),
  /** Threads of the answering server that answer requests. */
  workers: Count,
  now: Time,
  head: Position,
  lifetimes: Type.Object({
    access_token: Count,
    access_token_cap: Count,
    refresh_token_idle: Count,
    grant: Count,
    session: Count,
  }),
  /** The longest lives anything issued so far may have. */
  longest: Type.Object({ access_token: Count, grant: Count }),
  /** How tokens and secrets are stored; `previous` while those of the setting before are accepted too. */
  digests: Type.Object({ current: DigestKind, previous: Type.Optional(DigestKind) }),
  /** Every setting by its flag; nothing of what it is set to. */
  sources: Type.Array(
    Type.Object({
      setting: Type.String(),
      from: Type.Enum(["flag", "environment", "config-file", "default"], { type: "string" }),
    }),
  ),
  store: Type.Object({
    engine: Type.Enum(["sqlite", "postgres"], { type: "string" }),
    version: Type.String(),
    durability: Type.Enum(["local", "replicated"], { type: "string" }),
    bytes: Count,
    access_tokens: Count,
    refresh_tokens: Count,
    standing_entries: Count,
  }),
});

export type Settings = Wire<typeof Settings>;
