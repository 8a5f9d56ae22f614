// The verifier that every example beside this file uses. Its settings come from the environment: README.md names them.

import { createVerifier } from "@rescind/verifier";

export const verifier = await createVerifier({
  issuer: setting("ISSUER"),
  audience: setting("AUDIENCE"),
  clientId: setting("CLIENT_ID"),
  clientSecret: setting("CLIENT_SECRET"),
});

export const port = Number(process.env.PORT ?? 8080);

function setting(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  console.error(`set ${name}; README.md says what to`);
  process.exit(2);
}
