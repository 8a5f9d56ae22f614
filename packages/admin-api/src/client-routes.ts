// The part of the admin table about clients and their consumer keys.

import { ClientAnswer, ClientChange, ClientPath, NewClient } from "./client.ts";
import {
  Approval,
  ConsumerKeyAnswer,
  ConsumerKeyPath,
  KeyReplacement,
  NewConsumerKey,
  Suspension,
} from "./consumer-key.ts";
import { List, PageQuery } from "./list.ts";
import type { Route } from "./routes.ts";

const clients = "/admin/v1/clients";
const client = `${clients}/:client_id`;
const key = "/admin/v1/keys/:key_id";

export const clientRoutes = {
  createClient: {
    method: "POST",
    path: clients,
    scope: "rescind:admin",
    summary: "Register a client",
    body: NewClient,
    answers: { 201: ClientAnswer },
  },
  listClients: {
    method: "GET",
    path: clients,
    scope: "rescind:read",
    summary: "List clients",
    query: PageQuery,
    answers: { 200: List(ClientAnswer, "Clients.") },
  },
  readClient: {
    method: "GET",
    path: client,
    scope: "rescind:read",
    summary: "Read a client",
    params: ClientPath,
    answers: { 200: ClientAnswer },
  },
  changeClient: {
    method: "PATCH",
    path: client,
    scope: "rescind:admin",
    summary: "Change a client",
    params: ClientPath,
    body: ClientChange,
    answers: { 200: ClientAnswer },
  },
  deleteClient: {
    method: "DELETE",
    path: client,
    scope: "rescind:admin",
    summary: "Suspend a client for good",
    params: ClientPath,
    answers: { 204: undefined },
  },
  suspendClient: {
    method: "POST",
    path: `${client}/revoke`,
    scope: "rescind:revoke",
    summary: "Suspend a client: all its tokens are dead and nothing is issued until it is approved",
    params: ClientPath,
    body: Suspension,
    bodyOptional: true,
    answers: { 200: ClientAnswer },
  },
  approveClient: {
    method: "POST",
    path: `${client}/approve`,
    scope: "rescind:revoke",
    summary: "Lift every suspension of a client",
    params: ClientPath,
    body: Approval,
    bodyOptional: true,
    answers: { 200: ClientAnswer },
  },
  createKey: {
    method: "POST",
    path: `${client}/keys`,
    scope: "rescind:admin",
    summary: "Give a client another consumer key",
    params: ClientPath,
    body: NewConsumerKey,
    bodyOptional: true,
    answers: { 201: ConsumerKeyAnswer },
  },
  suspendKey: {
    method: "POST",
    path: `${key}/revoke`,
    scope: "rescind:revoke",
    summary:
      "Suspend a consumer key: tokens issued with it are dead and it opens nothing until it is approved",
    params: ConsumerKeyPath,
    body: Suspension,
    bodyOptional: true,
    answers: { 200: ConsumerKeyAnswer },
  },
  approveKey: {
    method: "POST",
    path: `${key}/approve`,
    scope: "rescind:revoke",
    summary: "Lift every suspension of a consumer key",
    params: ConsumerKeyPath,
    body: Approval,
    bodyOptional: true,
    answers: { 200: ConsumerKeyAnswer },
  },
  deleteKey: {
    method: "DELETE",
    path: key,
    scope: "rescind:admin",
    summary: "End a consumer key for good, with all tokens issued with it",
    params: ConsumerKeyPath,
    answers: { 204: undefined },
  },
  rotateKey: {
    method: "POST",
    path: `${key}/rotate`,
    scope: "rescind:admin",
    summary: "Give a client another consumer key in the place of this one",
    params: ConsumerKeyPath,
    body: KeyReplacement,
    bodyOptional: true,
    answers: { 201: ConsumerKeyAnswer },
  },
} as const satisfies Record<string, Route>;
