// Client credentials, RFC 6749 section 4.4: an opaque token, and a JWT (RFC 9068, ES256) for a resource.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { type Contender, formPost, introspect, resource } from "../contenders/contender.ts";
import { memberOf, type Row } from "./row.ts";

const members = { access_token: "text", token_type: "text", expires_in: "number" } as const;

const opaqueForm = "grant_type=client_credentials&scope=read";

export const clientCredentialsOpaque: Row = {
  name: "client-credentials-opaque",
  title: "client credentials, opaque",
  atLeast: 3,
  async prepare(contender) {
    return {
      round: { exchange: opaqueTokens(contender) },
      async prove({ samples }) {
        const wrong: string[] = [];
        for (const body of samples.bodies) {
          const { active } = await introspect(contender, memberOf(body, "access_token"));
          if (active !== true) wrong.push("a token just issued is not active");
        }
        return wrong;
      },
    };
  },
};

/** The exchange that makes opaque tokens, which other rows use up. */
export function opaqueTokens(contender: Contender) {
  const { paths, clients } = contender;
  return formPost(contender, { path: paths.token, authorization: clients.opaque, form: opaqueForm, members });
}

export const clientCredentialsJwt: Row = {
  name: "client-credentials-jwt",
  title: "client credentials, JWT ES256",
  atLeast: 2.5,
  async prepare(contender) {
    const { paths, clients, issuer, port } = contender;
    const form = `${opaqueForm}&resource=${encodeURIComponent(resource)}`;
    const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}${paths.jwks}`));
    return {
      round: {
        exchange: formPost(contender, { path: paths.token, authorization: clients.jwt, form, members }),
      },
      async prove({ samples }) {
        const wrong: string[] = [];
        for (const body of samples.bodies) {
          const jwt = memberOf(body, "access_token");
          const asked = { issuer, audience: resource, algorithms: ["ES256"], typ: "at+jwt" };
          await jwtVerify(jwt, keys, asked).catch((error) =>
            wrong.push(`a JWT does not verify: ${error.message}`),
          );
        }
        return wrong;
      },
    };
  },
};
