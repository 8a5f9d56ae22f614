// How to begin with a client: commands and code to copy, with its own id and this issuer in them. Secrets stay out.

import { ActionIcon, Box, Code, CopyButton, Tabs } from "@mantine/core";
import { CheckIcon, CopyIcon } from "../parts/icons.tsx";
import { issuer } from "../session/place.ts";

interface SnippetsProps {
  readonly clientId: string;
}

function snippetsFor(clientId: string): Readonly<Record<string, string>> {
  return {
    curl: lines(
      `# a token, then its end`,
      `curl -u '${clientId}:SECRET' -d grant_type=client_credentials ${issuer}/oauth2/token`,
      `curl -u '${clientId}:SECRET' -d token=TOKEN ${issuer}/oauth2/revoke`,
    ),
    Node: lines(
      `import * as client from "openid-client";`,
      "",
      `const config = await client.discovery(new URL("${issuer}"), "${clientId}", process.env.CLIENT_SECRET);`,
      `const { access_token } = await client.clientCredentialsGrant(config);`,
      `await client.tokenRevocation(config, access_token);`,
    ),
    Express: lines(
      `import express from "express";`,
      `import { createVerifier } from "@rescind/verifier";`,
      "",
      `const verifier = await createVerifier({`,
      `  issuer: "${issuer}",`,
      `  audience: "https://api.example",`,
      `  clientId: "${clientId}",`,
      `  clientSecret: process.env.CLIENT_SECRET,`,
      `});`,
      `const app = express();`,
      `app.use(verifier.express({ scope: "orders:read" }));`,
      `app.get("/orders", (_request, response) => response.json([]));`,
      `app.listen(3000);`,
    ),
    Fastify: lines(
      `import Fastify from "fastify";`,
      `import { createVerifier } from "@rescind/verifier";`,
      "",
      `const verifier = await createVerifier({`,
      `  issuer: "${issuer}",`,
      `  audience: "https://api.example",`,
      `  clientId: "${clientId}",`,
      `  clientSecret: process.env.CLIENT_SECRET,`,
      `});`,
      `const app = Fastify();`,
      `app.addHook("onRequest", verifier.fastify({ scope: "orders:read" }));`,
      `app.get("/orders", async () => []);`,
      `await app.listen({ port: 3000 });`,
    ),
  };
}

/** Line by line, so that nothing in them looks like an import of ours. */
function lines(...texts: readonly string[]): string {
  return texts.join("\n");
}

export function Snippets({ clientId }: SnippetsProps) {
  const snippets = snippetsFor(clientId);
  return (
    <Tabs defaultValue="curl" keepMounted={false}>
      <Tabs.List aria-label="Snippets">
        {Object.keys(snippets).map((name) => (
          <Tabs.Tab key={name} value={name}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {Object.entries(snippets).map(([name, text]) => (
        <Tabs.Panel key={name} value={name} pt="xs">
          <Box pos="relative">
            <Code block tabIndex={0} aria-label={`${name} snippet`} role="region">
              {text}
            </Code>
            <CopyButton value={text}>
              {({ copied, copy }) => (
                <ActionIcon
                  pos="absolute"
                  top={8}
                  right={8}
                  variant="default"
                  aria-label={`Copy the ${name} snippet`}
                  title={copied ? "Copied" : "Copy"}
                  onClick={copy}
                >
                  {copied ? <CheckIcon /> : <CopyIcon />}
                </ActionIcon>
              )}
            </CopyButton>
          </Box>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
