// Resource servers: /admin/v1/resources (RFC 8707).

import type { NewResource } from "@rescind/admin-api";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { ensureAccessKey } from "../keys/signing-keys.ts";
import { administrator } from "./administrator.ts";
import { heldList } from "./list-page.ts";
import { invalidFields } from "./refusal.ts";
import { resourceAnswer, resourceFromRequest } from "./registration.ts";
import type { AdminRequest } from "./request.ts";

export async function putResource(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const resource = resourceFromRequest(request.body as NewResource); // checked against the contract's schema
  if (Array.isArray(resource)) return invalidFields(resource);
  await ensureAccessKey(resource.signingAlg, deps);
  const atMs = deps.now();
  await deps.store.putResource(resource, atMs);
  const content = { resource: resource.resource };
  await deps.store.recordAudit({ action: "resource.put", actor: administrator(request), atMs, content });
  return { status: 201, body: resourceAnswer(resource) };
}

export async function listResources(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const all = await deps.store.listResources();
  return heldList(
    { all, keyOf: ({ resource }) => resource, shown: resourceAnswer },
    request.query as object, // checked against the contract's schema
  );
}
