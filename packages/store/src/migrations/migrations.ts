// All migrations in order. The schema's version is the number of the last one applied.

import { first } from "./0001-first.ts";
import { people } from "./0002-people.ts";
import { reach } from "./0003-reach.ts";
import { nodes } from "./0004-nodes.ts";
import type { Migration } from "./migration.ts";

export const migrations: readonly Migration[] = [first, people, reach, nodes];
