// Refresh with rotation, RFC 6749 section 6 and RFC 9700 section 4.14.2: every refresh token is used once, its successor
// waits until all others were used. Opaque access tokens on both sides.

import { formPost, introspect } from "../contenders/contender.ts";
import { memberOf, type Row } from "./row.ts";

export const refresh: Row = {
  name: "refresh",
  title: "refresh with rotation",
  atLeast: 3,
  tokens: { full: 20_000, quick: 5_000 },
  async prepare(contender, load, tokens) {
    const { paths, clients } = contender;
    const queue = `refresh-tokens of ${contender.name}`;
    await contender.fillRefreshTokens(load, queue, tokens);
    return {
      round: {
        exchange: formPost(contender, {
          path: paths.token,
          authorization: clients.opaque,
          form: "grant_type=refresh_token&refresh_token=",
          members: { access_token: "text", refresh_token: "text", token_type: "text", expires_in: "number" },
        }),
        take: { queue, keep: false },
        give: { queue, member: "refresh_token" },
      },
      async prove({ samples }) {
        const wrong: string[] = [];
        for (const token of samples.taken) {
          const { active } = await introspect(contender, token);
          if (active !== false) wrong.push("a spent refresh token is still active");
        }
        const { active } = await introspect(contender, memberOf(samples.bodies.at(-1), "access_token"));
        if (active !== true) wrong.push("an access token just issued is not active");
        return wrong;
      },
    };
  },
};
