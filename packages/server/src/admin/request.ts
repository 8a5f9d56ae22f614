// What an admin handler takes: path, query and body as the contract's schemas have checked them.

import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import type { Bearer } from "../tokens/bearer.ts";

export interface AdminRequest {
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  /** An empty object where the route needs no body and none came. */
  readonly body: unknown;
  readonly caller: Bearer;
  /** Of the caller, as limits count it. */
  readonly address: string;
  /** Digest of caller, route and Idempotency-Key; undefined without one. */
  readonly idempotency: string | undefined;
}

export type AdminHandler = (request: AdminRequest, deps: Dependencies) => Promise<Answer>;
