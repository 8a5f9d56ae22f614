// A server of the Model Context Protocol whose tools only live tokens may call: the SDK's `requireBearerAuth` asks
// @rescind/verifier, which decides by itself. Stateless Streamable HTTP; a type-checked project of its own, because the
// SDK gives Express's requests an `auth` of its own type.

import {
  InsufficientScopeError,
  InvalidTokenError,
  ServerError,
} from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createVerifier } from "@rescind/verifier";
import express from "express";

const verifier = await createVerifier({
  issuer: setting("ISSUER"),
  audience: setting("AUDIENCE"),
  clientId: setting("CLIENT_ID"),
  clientSecret: setting("CLIENT_SECRET"),
});

const errors = { InvalidTokenError, InsufficientScopeError, ServerError };
const guard = requireBearerAuth({ verifier: verifier.mcp({ scope: "orders:read" }, errors) });

const app = express();
app.post("/mcp", guard, express.json(), async (request, response) => {
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  const tools = new McpServer({ name: "orders", version: "1.0.0" });
  tools.registerTool("whoami", { description: "Whose token this is" }, (extra) => ({
    content: [{ type: "text", text: String(extra.authInfo?.extra?.subject) }],
  }));
  response.on("close", () => void tools.close());
  await tools.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");

function setting(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  console.error(`set ${name}; README.md says what to`);
  process.exit(2);
}
