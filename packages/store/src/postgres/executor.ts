// The PostgreSQL executor.

import { createHash } from "node:crypto";
import pg from "pg";
import type { ApplyOptions, EngineFacts, Executor, Row, Statement } from "../executor.ts";
import { StoreUnavailable } from "../store.ts";
import type { Address } from "./address.ts";

const int8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format ?? "text"),
};

export class PostgresExecutor implements Executor {
  readonly #pool: pg.Pool;

  constructor(address: Address) {
    this.#pool = new pg.Pool({ ...address.servers[0], types, max: 8 });
    // Told by whatever is under way.
    this.#pool.on("error", () => {});
    // The pool listens to idle connections only: one that is cut while it is used would end the process.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  async read(statement: Statement): Promise<readonly Row[]> {
    try {
      return await run(this.#pool, statement);
    } catch (cause) {
      throw new StoreUnavailable("The database could not be read.", { cause });
    }
  }

  async apply(
    statements: readonly Statement[],
    _options?: ApplyOptions,
  ): Promise<readonly (readonly Row[])[]> {
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (cause) {
      throw new StoreUnavailable("The database could not be reached.", { cause });
    }
    try {
      await client.query("BEGIN; SET LOCAL synchronous_commit = on");
      const rows: (readonly Row[])[] = [];
      for (const statement of statements) rows.push(await run(client, statement));
      await client.query("COMMIT");
      client.release();
      return rows;
    } catch (cause) {
      client.release(true);
      throw new StoreUnavailable("The database did not confirm the write.", { cause });
    }
  }

  async facts(): Promise<EngineFacts> {
    const sql = `SELECT current_setting('server_version'), pg_database_size(current_database()),
      current_setting('synchronous_standby_names')`;
    const [row] = await this.read({ sql, params: [] });
    const durability = row?.[2] === "" ? "local" : "replicated";
    return { engine: "postgres", version: String(row?.[0]), durability, bytes: Number(row?.[1]) };
  }

  onCommitElsewhere(_listener: () => void): void {}

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
