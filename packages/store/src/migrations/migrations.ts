// All migrations in order. The schema's version is the number of the last one applied.

import { first } from "./0001-first.ts";
import { people } from "./0002-people.ts";
import { reach } from "./0003-reach.ts";
import { nodes } from "./0004-nodes.ts";
import { betweenNodes } from "./0005-between-nodes.ts";
import { devices } from "./0006-devices.ts";
import { whereabouts } from "./0007-whereabouts.ts";
import { issuerNames } from "./0008-issuer-names.ts";
import { factors } from "./0009-factors.ts";
import { upstreams } from "./0010-upstreams.ts";
import { appending } from "./0011-append.ts";
import { exchanged } from "./0012-exchanged.ts";
import { fingerprints } from "./0013-fingerprints.ts";
import type { Migration } from "./migration.ts";

export const migrations: readonly Migration[] = [
  first,
  people,
  reach,
  nodes,
  betweenNodes,
  devices,
  whereabouts,
  issuerNames,
  factors,
  upstreams,
  appending,
  exchanged,
  fingerprints,
];
