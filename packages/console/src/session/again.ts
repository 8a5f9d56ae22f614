// The way to a newer sign-in, for whatever says that one is needed; undefined before somebody is signed in.

import { createContext, useContext } from "react";
import type { Session } from "./sign-in.ts";

const Provided = createContext<Session["again"] | undefined>(undefined);

export const AgainProvider = Provided.Provider;

export function useAgain(): Session["again"] | undefined {
  return useContext(Provided);
}
