// Who orders through the admin API, and what they order about clients and consumer keys.

import type { Unit } from "@rescind/core";
import type { Actor } from "@rescind/store";
import type { AdminRequest } from "./request.ts";

export function administrator(request: AdminRequest): Actor {
  return { kind: "admin", id: request.caller.token.subject };
}

export function clientUnit(clientId: string, issuer: string): Unit {
  return { name: "client", issuer, value: clientId };
}

export function keyUnit(keyId: string, issuer: string): Unit {
  return { name: "key", issuer, value: keyId };
}
