// The part of the table that is about upstream OpenID providers.

import { List, PageQuery } from "./list.ts";
import type { Route } from "./routes.ts";
import {
  NewUpstream,
  UpstreamAnswer,
  UpstreamChange,
  UpstreamCheck,
  UpstreamPath,
  UpstreamTokenItem,
  UpstreamTokenPath,
  UpstreamTokenQuery,
  UserIdentityPath,
} from "./upstream.ts";

const upstreams = "/admin/v1/upstreams";
const upstream = `${upstreams}/:upstream_id`;

export const upstreamRoutes = {
  createUpstream: {
    method: "POST",
    path: upstreams,
    scope: "rescind:admin",
    summary:
      "Add an OpenID provider that people sign in through; its metadata is fetched unless it is disabled",
    body: NewUpstream,
    answers: { 201: UpstreamAnswer },
  },
  listUpstreams: {
    method: "GET",
    path: upstreams,
    scope: "rescind:read",
    summary: "List upstream providers",
    query: PageQuery,
    answers: { 200: List(UpstreamAnswer, "Upstream providers, by upstream_id.") },
  },
  readUpstream: {
    method: "GET",
    path: upstream,
    scope: "rescind:read",
    summary: "Read an upstream provider",
    params: UpstreamPath,
    answers: { 200: UpstreamAnswer },
  },
  changeUpstream: {
    method: "PATCH",
    path: upstream,
    scope: "rescind:admin",
    summary: "Change an upstream provider; disabled, nobody signs in through it",
    params: UpstreamPath,
    body: UpstreamChange,
    answers: { 200: UpstreamAnswer },
  },
  deleteUpstream: {
    method: "DELETE",
    path: upstream,
    scope: "rescind:admin",
    summary:
      "Remove an upstream provider: its identities are forgotten, tokens of its sign-ins are revoked there",
    params: UpstreamPath,
    answers: { 204: undefined },
  },
  checkUpstream: {
    method: "GET",
    path: `${upstream}/check`,
    scope: "rescind:read",
    summary: "Ask an upstream provider for its metadata now",
    params: UpstreamPath,
    answers: { 200: UpstreamCheck },
  },
  listUpstreamTokens: {
    method: "GET",
    path: `${upstream}/tokens`,
    scope: "rescind:read",
    summary: "List the tokens that sign-ins brought along, never by value, and what became of each",
    params: UpstreamPath,
    query: UpstreamTokenQuery,
    answers: { 200: List(UpstreamTokenItem, "Tokens of sign-ins.") },
  },
  retryUpstreamToken: {
    method: "POST",
    path: `${upstream}/tokens/:token_id/retry`,
    scope: "rescind:admin",
    summary: "Try again to revoke a token at its provider that was given up",
    params: UpstreamTokenPath,
    answers: { 204: undefined },
  },
  removeIdentity: {
    method: "DELETE",
    path: "/admin/v1/users/:sub/identities/:identity_id",
    scope: "rescind:admin",
    summary: "Take an identity at an upstream provider away from a user; sessions that it opened end",
    params: UserIdentityPath,
    answers: { 204: undefined },
  },
} as const satisfies Record<string, Route>;
