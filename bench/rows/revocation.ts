// Revocation of distinct opaque tokens, RFC 7009. The tokens are issued before each round, outside of what is timed.

import { formPost, introspect } from "../contenders/contender.ts";
import { opaqueTokens } from "./client-credentials.ts";
import { memberOf, type Row } from "./row.ts";

export const revocation: Row = {
  name: "revocation",
  title: "revocation, distinct tokens",
  atLeast: 3.5,
  async prepare(contender, load) {
    const { paths, clients } = contender;
    const queue = `to-be-revoked of ${contender.name}`;
    return {
      round: {
        exchange: formPost(contender, {
          path: paths.revoke,
          authorization: clients.opaque,
          form: "token=",
          members: {},
        }),
        take: { queue, keep: false },
      },
      async supply(requests) {
        await load.fill(queue, []);
        const issued = await load.run({
          exchange: opaqueTokens(contender),
          connections: 128,
          requests,
          give: { queue, member: "access_token" },
        });
        if (issued.failures > 0)
          throw new Error(`${contender.name}: tokens were not issued: ${issued.failed[0]}`);
        // A server answers 200 for tokens it does not know, too: so they have to be live before.
        const { active } = await introspect(
          contender,
          memberOf(issued.samples.bodies.at(-1), "access_token"),
        );
        if (active !== true) throw new Error(`${contender.name}: a token to be revoked is not active`);
      },
      async prove({ samples }) {
        const wrong: string[] = [];
        for (const token of samples.taken) {
          const { active } = await introspect(contender, token);
          if (active !== false) wrong.push("a revoked token is still active");
        }
        return wrong;
      },
    };
  },
};
