// Introspection of live opaque tokens, RFC 7662, by the client they were issued to.

import { formPost } from "../contenders/contender.ts";
import { opaqueTokens } from "./client-credentials.ts";
import type { Row } from "./row.ts";

export const introspection: Row = {
  name: "introspection",
  title: "introspection of a live token",
  atLeast: 4.5,
  tokens: { full: 20_000, quick: 5_000 },
  async prepare(contender, load, tokens) {
    const { paths, clients } = contender;
    const queue = `live of ${contender.name}`;
    await load.fill(queue, []);
    const { failures, failed } = await load.run({
      exchange: opaqueTokens(contender),
      connections: 128,
      requests: tokens,
      give: { queue, member: "access_token" },
    });
    if (failures > 0) throw new Error(`${contender.name}: tokens were not issued: ${failed[0]}`);
    const members = { active: "true", client_id: "text", exp: "number" } as const;
    return {
      round: {
        exchange: formPost(contender, {
          path: paths.introspect,
          authorization: clients.opaque,
          form: "token=",
          members,
        }),
        take: { queue, keep: true },
      },
      async prove({ samples }) {
        return samples.bodies
          .filter((body) => JSON.parse(body).active !== true)
          .map(() => "a live token is not active");
      },
    };
  },
};
