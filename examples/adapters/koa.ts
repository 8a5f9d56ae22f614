// Koa: `ctx.state.auth` is the token.

import type { VerifiedToken } from "@rescind/verifier";
import Koa from "koa";
import { port, verifier } from "./verifier.ts";

const app = new Koa<{ auth?: VerifiedToken | undefined }>();
app.use(verifier.koa({ scope: "orders:read" }));
app.use((context) => {
  context.body = { subject: context.state.auth?.subject };
});
app.listen(port, "127.0.0.1");
