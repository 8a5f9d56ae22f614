// The token of a drill: of a client that is there for nothing else, for a subject that is nobody.

import { type AdminClient, AdminProblem } from "@rescind/admin-api";

const clientId = "rescind-drill";

/**
 * A JWT for this audience. The client is made at the first drill and set to what each one needs; it has no secret that
 * anybody knows.
 * @throws AdminProblem
 */
export async function canaryToken(
  wanted: { readonly audience: string; readonly scope: string | undefined },
  admin: AdminClient,
): Promise<string> {
  const settings = {
    audience: [wanted.audience],
    scope: wanted.scope ?? "",
    access_token_format: "jwt" as const,
    access_token_ttl: 900,
  };
  if (await isRegistered(admin))
    await admin.changeClient({ params: { client_id: clientId }, body: settings });
  else
    await admin.createClient({
      body: {
        client_id: clientId,
        name: "rescind drill",
        grant_types: ["client_credentials"],
        ...settings,
      },
    });
  const { access_token } = await admin.openGrant({
    body: { client_id: clientId, subject: "rescind-canary" },
  });
  return access_token;
}

async function isRegistered(admin: AdminClient): Promise<boolean> {
  try {
    await admin.readClient({ params: { client_id: clientId } });
    return true;
  } catch (error) {
    if (error instanceof AdminProblem && error.status === 404) return false;
    throw error;
  }
}
