// The rows in the order of the table.

import { clientCredentialsJwt, clientCredentialsOpaque } from "./client-credentials.ts";
import { introspection } from "./introspection.ts";
import { refresh } from "./refresh.ts";
import { revocation } from "./revocation.ts";
import type { Row } from "./row.ts";

export const rows: readonly Row[] = [
  clientCredentialsOpaque,
  clientCredentialsJwt,
  introspection,
  revocation,
  refresh,
];
