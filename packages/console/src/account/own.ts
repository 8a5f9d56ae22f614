// The account API as the page uses it: the signed-in person's own things.

import { type AccountClient, createAccountClient } from "@rescind/admin-api";
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
