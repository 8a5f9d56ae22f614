// How to begin with a client: commands and code to copy, with its own id and this issuer in them. Secrets stay out.

import { ActionIcon, Box, Code, CopyButton, Tabs } from "@mantine/core";
import type { ClientAnswer } from "@rescind/admin-api";
import { CheckIcon, CopyIcon } from "../parts/icons.tsx";
import { issuer } from "../session/place.ts";

/** What of a client decides how it begins. */
type Beginning = Pick<
  ClientAnswer,
  "client_id" | "grant_types" | "redirect_uris" | "token_endpoint_auth_method"
>;

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

/** By the client's own grant types: what it cannot use is not offered. */
function snippetsFor(client: Beginning): Readonly<Record<string, string>> {
  const { client_id, grant_types } = client;
  if (grant_types.includes("client_credentials")) return { ...ofService(client), ...verifiersOf(client_id) };
  return grant_types.includes(deviceGrant) ? ofDevice(client) : ofPeople(client);
}

function isPublic({ token_endpoint_auth_method: method }: Beginning): boolean {
  return method === "none";
}

function credentials(client: Beginning): string {
  return isPublic(client) ? `-d client_id=${client.client_id}` : `-u '${client.client_id}:SECRET'`;
}

/** `http`, which is for this machine only, has to be allowed by name. */
function discovery(client: Beginning): string {
  const secret = isPublic(client) ? "undefined, client.None()" : "process.env.CLIENT_SECRET";
  const more = isPublic(client) ? "" : ", undefined";
  const insecure = issuer.startsWith("http:") ? `${more}, { execute: [client.allowInsecureRequests] }` : "";
  return lines(
    `import * as client from "openid-client";`,
    "",
    `const issuer = new URL("${issuer}");`,
    `const config = await client.discovery(issuer, "${client.client_id}", ${secret}${insecure});`,
  );
}

function ofService(client: Beginning) {
  return {
    curl: lines(
      `# a token, then its end`,
      `curl ${credentials(client)} -d grant_type=client_credentials ${issuer}/oauth2/token`,
      `curl ${credentials(client)} -d token=TOKEN ${issuer}/oauth2/revoke`,
    ),
    Node: lines(
      discovery(client),
      `const { access_token } = await client.clientCredentialsGrant(config);`,
      `await client.tokenRevocation(config, access_token);`,
    ),
  };
}

function ofDevice(client: Beginning) {
  return {
    curl: lines(
      `# show user_code, ask until somebody has allowed it, end it`,
      `curl ${credentials(client)} ${issuer}/oauth2/device_authorization -X POST`,
      `curl ${credentials(client)} -d grant_type=${deviceGrant} -d device_code=CODE ${issuer}/oauth2/token`,
      `curl ${credentials(client)} -d token=TOKEN ${issuer}/oauth2/revoke`,
    ),
    Node: lines(
      discovery(client),
      `const begun = await client.initiateDeviceAuthorization(config, {});`,
      `console.log("Go to", begun.verification_uri, "and enter", begun.user_code);`,
      `const { access_token } = await client.pollDeviceAuthorizationGrant(config, begun);`,
      `await client.tokenRevocation(config, access_token);`,
    ),
  };
}

function ofPeople(client: Beginning) {
  const redirect = client.redirect_uris[0] ?? "https://app.example/callback";
  const query = new URLSearchParams({ response_type: "code", client_id: client.client_id });
  query.set("redirect_uri", redirect);
  return {
    curl: lines(
      `# open the address that is printed; \`code\` stands in the one where it ends`,
      `V=$(openssl rand -hex 32)`,
      `C=$(printf %s "$V" | openssl dgst -sha256 -binary | openssl base64 | tr '+/' '-_' | tr -d =)`,
      `echo "${issuer}/oauth2/authorize?${query}&code_challenge=$C&code_challenge_method=S256"`,
      `curl ${credentials(client)} -d grant_type=authorization_code -d code=CODE -d code_verifier=$V \\`,
      `  -d redirect_uri='${redirect}' ${issuer}/oauth2/token`,
      `curl ${credentials(client)} -d token=TOKEN ${issuer}/oauth2/revoke`,
    ),
    Node: lines(
      discovery(client),
      `const pkceCodeVerifier = client.randomPKCECodeVerifier();`,
      `const signIn = client.buildAuthorizationUrl(config, {`,
      `  redirect_uri: "${redirect}",`,
      `  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),`,
      `  code_challenge_method: "S256",`,
      `});`,
      `// Send the browser to signIn; cameBackTo is the whole URL with which it returns.`,
      `const tokens = await client.authorizationCodeGrant(config, cameBackTo, { pkceCodeVerifier });`,
      `await client.tokenRevocation(config, tokens.access_token);`,
    ),
  };
}

/** For an API that checks tokens by itself. */
function verifiersOf(clientId: string) {
  return {
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

export function Snippets({ client }: { readonly client: Beginning }) {
  const snippets = snippetsFor(client);
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
