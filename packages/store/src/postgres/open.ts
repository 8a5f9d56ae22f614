// Opens a PostgreSQL database: the server judged fit, the schema current, a node's number claimed, the store over it.

import { openSqlStore, type SqlStoreOptions } from "../sql-store.ts";
import { type Store, StoreUnavailable } from "../store.ts";
import { StoreRefused } from "../store-refused.ts";
import { type Address, parseAddress } from "./address.ts";
import { PostgresExecutor } from "./executor.ts";
import { migrate } from "./migrate.ts";
import { NodeIds } from "./node-ids.ts";
import { connectPrimary, end } from "./primary.ts";

export interface PostgresOptions extends SqlStoreOptions {
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; docs/reference/postgres.md lists what else it may say. */
  readonly address: string;
}

/**
 * @throws StoreRefused a server that may not be used, a schema newer than this program, another issuer's database
 * @throws StoreUnavailable the server cannot be reached
 */
export async function openPostgres(options: PostgresOptions): Promise<Store> {
  const address = parseAddress(options.address);
  const executor = new PostgresExecutor(address);
  let ids: NodeIds | undefined;
  try {
    await prepare(address);
    const store = await openSqlStore(executor, options, async (greatest) => {
      ids = await NodeIds.claim(executor, { node: options.nodeId, greatest });
      return ids;
    });
    return {
      ...store,
      close: async () => {
        await ids?.release();
        await store.close();
      },
    };
  } catch (error) {
    await ids?.release();
    await executor.close();
    throw error;
  }
}

async function prepare(address: Address): Promise<void> {
  const { client } = await connectPrimary(address);
  try {
    await migrate(client, address.shown);
  } catch (cause) {
    if (cause instanceof StoreRefused) throw cause;
    throw new StoreUnavailable(`The database ${address.shown} could not be brought to this version.`, {
      cause,
    });
  } finally {
    await end(client);
  }
}
