// The least executor over PostgreSQL that shows the shared statements to be common: each intention in a transaction of
// its own, over a pool, so that they meet each other's locks. Batches and pipelining are the real one's.

import { createHash } from "node:crypto";
import { StoreUnavailable } from "@rescind/store";
import pg from "pg";
import type { EngineFacts, Executor, Row, Statement } from "../../src/executor.ts";
import type { Migration } from "../../src/migrations/migration.ts";
import { migrations } from "../../src/migrations/migrations.ts";
import type { Cluster } from "./cluster.ts";

const int8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format ?? "text"),
};

export class PostgresExecutor implements Executor {
  readonly #pool: pg.Pool;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Over a schema of its own, made from the migrations. */
  static async open(cluster: Cluster, schema: string, steps = migrations): Promise<PostgresExecutor> {
    const { host, user, database } = cluster;
    const options = `-c search_path=${schema} -c synchronous_commit=on`;
    const pool = new pg.Pool({ host, user, database, options, types, max: 8 });
    await pool.query(`CREATE SCHEMA ${schema}`);
    const executor = new PostgresExecutor(pool);
    await executor.migrate(steps);
    return executor;
  }

  async migrate(steps: readonly Migration[]): Promise<void> {
    for (const { postgres } of steps) await this.#pool.query(`BEGIN; ${postgres}; COMMIT`);
  }

  async read(statement: Statement): Promise<readonly Row[]> {
    try {
      return await run(this.#pool, statement);
    } catch (cause) {
      throw new StoreUnavailable("The database could not be read.", { cause });
    }
  }

  async apply(statements: readonly Statement[]): Promise<readonly (readonly Row[])[]> {
    const client = await this.#pool.connect();
    try {
      await client.query("BEGIN");
      const rows: (readonly Row[])[] = [];
      for (const statement of statements) rows.push(await run(client, statement));
      await client.query("COMMIT");
      return rows;
    } catch (cause) {
      await client.query("ROLLBACK");
      throw new StoreUnavailable("The database did not confirm the write.", { cause });
    } finally {
      client.release();
    }
  }

  async facts(): Promise<EngineFacts> {
    const sql = "SELECT current_setting('server_version'), pg_database_size(current_database())";
    const [row] = await this.read({ sql, params: [] });
    return { engine: "postgres", version: String(row?.[0]), durability: "local", bytes: Number(row?.[1]) };
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

async function run(on: pg.Pool | pg.PoolClient, { sql, params }: Statement): Promise<readonly Row[]> {
  // Prepared under a name, so that each connection plans a statement once.
  const name = createHash("sha256").update(sql).digest("base64url");
  const { rows } = await on.query({ name, text: sql, values: [...params], rowMode: "array" });
  return rows as Row[]; // parsing boundary: arrays of the values that `types` gives
}
