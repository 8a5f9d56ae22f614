// The pages of the console: where each stands, who may see it, what it is called in the menu (without a title: reached
// by links only).

import type { ReactNode } from "react";
import type { Right } from "../session/sign-in.ts";
import { OverviewPage } from "./overview-page.tsx";
import { TokensPage } from "./tokens-page.tsx";

export interface ConsolePage {
  readonly path: string;
  readonly title: string | undefined;
  readonly right: Right;
  readonly component: () => ReactNode;
}

export const pages: readonly ConsolePage[] = [
  { path: "/", title: "Overview", right: "viewer", component: OverviewPage },
  { path: "/tokens", title: "Tokens", right: "viewer", component: TokensPage },
];
