// The account API as the page uses it: the signed-in person's own things.

import { type AccountClient, AdminProblem, createAccountClient } from "@rescind/admin-api";
import { createContext, useContext } from "react";
import { issuer } from "../session/place.ts";
import type { Session } from "../session/sign-in.ts";

export interface Own {
  readonly session: Session;
  readonly api: AccountClient;
}

export function own(session: Session): Own {
  return { session, api: createAccountClient({ server: issuer, token: () => session.token() }) };
}

const Provided = createContext<Own | undefined>(undefined);

export const OwnProvider = Provided.Provider;

export function useOwn(): Own {
  const found = useContext(Provided);
  if (found === undefined) throw new Error("nobody is signed in above this component");
  return found;
}

/** After what may have ended this page's own session: the way to sign in again, if it has. */
export async function stayIfSignedIn({ api }: Pick<Own, "api">): Promise<void> {
  try {
    await api.readProfile();
  } catch (error) {
    if (error instanceof AdminProblem && error.status === 401) location.reload();
    else throw error;
  }
}
