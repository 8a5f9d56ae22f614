// The pages of the console: where each stands, who may see it, what it is called (without a title: reached by links
// only), and whether the menu has it or only the palette.

import type { ReactNode } from "react";
import type { Right } from "../session/sign-in.ts";
import { AuditPage } from "./audit-page.tsx";
import { ClientPage } from "./client-page.tsx";
import { ClientsPage } from "./clients-page.tsx";
import { ExplainPage } from "./explain-page.tsx";
import { FeedPage } from "./feed-page.tsx";
import { GrantPage } from "./grant-page.tsx";
import { IssuersPage } from "./issuers-page.tsx";
import { NewClientPage } from "./new-client-page.tsx";
import { NewProviderPage } from "./new-provider-page.tsx";
import { NewRevocationPage } from "./new-revocation-page.tsx";
import { OverviewPage } from "./overview-page.tsx";
import { ProviderPage } from "./provider-page.tsx";
import { ProvidersPage } from "./providers-page.tsx";
import { RevocationsPage } from "./revocations-page.tsx";
import { SessionsPage } from "./sessions-page.tsx";
import { SettingsPage } from "./settings-page.tsx";
import { SigningKeysPage } from "./signing-keys-page.tsx";
import { TokensPage } from "./tokens-page.tsx";
import { UserPage } from "./user-page.tsx";
import { UsersPage } from "./users-page.tsx";
import { VerifiersPage } from "./verifiers-page.tsx";
import { WebhooksPage } from "./webhooks-page.tsx";

export interface ConsolePage {
  readonly path: string;
  readonly title: string | undefined;
  readonly inMenu?: false;
  readonly right: Right;
  readonly component: () => ReactNode;
}

export const pages: readonly ConsolePage[] = [
  { path: "/", title: "Overview", right: "viewer", component: OverviewPage },
  { path: "/revocations", title: "Revocations", right: "viewer", component: RevocationsPage },
  {
    ...{ path: "/revocations/new", title: "New revocation", inMenu: false },
    ...{ right: "operator", component: NewRevocationPage },
  },
  { path: "/feed", title: "Feed", right: "viewer", component: FeedPage },
  { path: "/explain", title: "Explain", right: "viewer", component: ExplainPage },
  { path: "/tokens", title: "Tokens", right: "viewer", component: TokensPage },
  { path: "/grants/$grant_id", title: undefined, right: "viewer", component: GrantPage },
  { path: "/sessions", title: "Sessions", right: "viewer", component: SessionsPage },
  { path: "/users", title: "Users", right: "viewer", component: UsersPage },
  { path: "/users/$sub", title: undefined, right: "viewer", component: UserPage },
  { path: "/providers", title: "Sign-in providers", right: "viewer", component: ProvidersPage },
  {
    ...{ path: "/providers/new", title: "New sign-in provider", inMenu: false },
    ...{ right: "administrator", component: NewProviderPage },
  },
  { path: "/providers/$upstream_id", title: undefined, right: "viewer", component: ProviderPage },
  { path: "/clients", title: "Clients", right: "viewer", component: ClientsPage },
  {
    ...{ path: "/clients/new", title: "New client", inMenu: false },
    ...{ right: "administrator", component: NewClientPage },
  },
  { path: "/clients/$client_id", title: undefined, right: "viewer", component: ClientPage },
  { path: "/verifiers", title: "Verifiers", right: "viewer", component: VerifiersPage },
  { path: "/webhooks", title: "Webhooks", right: "viewer", component: WebhooksPage },
  { path: "/issuers", title: "Issuers", right: "viewer", component: IssuersPage },
  { path: "/signing-keys", title: "Signing keys", right: "viewer", component: SigningKeysPage },
  { path: "/audit", title: "Audit", right: "viewer", component: AuditPage },
  { path: "/settings", title: "Settings", right: "viewer", component: SettingsPage },
];
