// The admin API as pages use it: typed calls with the token of whoever is signed in, and what a refusal says.

import { type AdminClient, AdminProblem, createAdminClient } from "@rescind/admin-api";
import { createContext, useContext } from "react";
import { Explained } from "./explained.ts";
import { issuer } from "./place.ts";
import type { Session } from "./sign-in.ts";

export interface Connection {
  readonly session: Session;
  readonly api: AdminClient;
}

export function connect(session: Session): Connection {
  return { session, api: createAdminClient({ server: issuer, token: () => session.token() }) };
}

const Connected = createContext<Connection | undefined>(undefined);

export const ConnectionProvider = Connected.Provider;

export function useConnection(): Connection {
  const connection = useContext(Connected);
  if (connection === undefined) throw new Error("there is no connection above this component");
  return connection;
}

/** What happened and how to mend it, in a sentence or two. */
export function explainFailure(error: unknown): string {
  if (error instanceof Explained) return error.message;
  if (error instanceof AdminProblem) {
    if (wantsNewerSignIn(error)) return "Sign in again for this, then repeat it. You come back here.";
    if (error.status === 401) return "Your session has ended. Reload the page to sign in again.";
    if (error.status === 403) return "Your role does not allow this. Ask an administrator.";
    const others =
      error.problem.errors?.filter(({ detail }) => !error.message.includes(detail.replace(/\.$/, ""))) ?? [];
    const fields = others.map(({ pointer, detail }) => `${pointer} ${detail}`);
    return [error.message, ...fields].map(asSentence).join(" ");
  }
  return "The server cannot be reached. Check the network, then try again.";
}

/** Names a field as people do: `/client_id is missing.` becomes `Client id is missing.` */
function asSentence(text: string): string {
  return text.replace(/^\/(\w)([\w/]*)/, (_, first: string, rest: string) => {
    return `${first.toUpperCase()}${rest.replaceAll(/[_/]/g, " ")}`;
  });
}

/** RFC 9470: the token is live, but it is too long since the person has shown who they are. */
export function wantsNewerSignIn(error: unknown): boolean {
  return error instanceof AdminProblem && error.problem.code === "insufficient-user-authentication";
}
