// A TCP proxy between a server and PostgreSQL that loses commits: the COMMIT itself, before the database has it, or the
// database's answer to it, after it is done. Reads the message format of the PostgreSQL protocol, version 3: a type, four
// bytes of length that count themselves, the message. No encryption.

import { Transform } from "node:stream";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** `answers`: committed, and nobody is told. `commits`: not committed, and nobody is told. Both end the connection. */
export type Lost = "answers" | "commits" | "nothing";

export interface PostgresProxy {
  readonly proxy: TcpProxy;
  /** Connections that were ended for a commit so far. */
  readonly lost: number;
  lose(what: Lost): void;
}

export async function startPostgresProxy(databasePort: number): Promise<PostgresProxy> {
  let losing: Lost = "nothing";
  let lost = 0;
  const losesWhen = (what: Lost, isCommit: Seeker): Seeker => {
    return (type, body) => {
      const loses = isCommit(type, body) && losing === what;
      if (loses) lost += 1;
      return loses;
    };
  };
  const proxy = await startTcpProxy(() => ({
    // A connection begins with a message without a type.
    toFar: byMessage({ typeBytes: 0 }, losesWhen("commits", commitSeeker())),
    toNear: byMessage({ typeBytes: 1 }, losesWhen("answers", isCommitted)),
  }));
  proxy.leadTo(databasePort);
  return {
    proxy,
    get lost() {
      return lost;
    },
    lose(what) {
      losing = what;
    },
  };
}

type Seeker = (type: string, body: Buffer) => boolean;

/** CommandComplete. */
const isCommitted: Seeker = (type, body) => type === "C" && body.toString("latin1") === "COMMIT\0";

/** Query, or Bind of a statement that this connection parsed as a commit. */
function commitSeeker(): Seeker {
  const names = new Set<string>();
  return (type, body) => {
    if (type !== "Q" && type !== "P" && type !== "B") return false;
    const [first = "", second = ""] = body.toString("latin1").split("\0");
    if (type === "Q") return first === "COMMIT";
    if (type === "B") return names.has(second);
    if (second === "COMMIT") names.add(first);
    else names.delete(first);
    return false;
  };
}

/** Passes whole messages on; fails at the first that is to be lost. */
function byMessage({ typeBytes }: { typeBytes: 0 | 1 }, isLost: Seeker): Transform {
  let held = Buffer.alloc(0);
  let type = typeBytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = Buffer.concat([held, chunk]);
      while (held.length >= type + 4) {
        const end = type + held.readUInt32BE(type);
        if (held.length < end) break;
        if (isLost(type === 0 ? "" : String.fromCharCode(held[0] ?? 0), held.subarray(type + 4, end))) {
          done(new Error("lost by the proxy"));
          return;
        }
        this.push(held.subarray(0, end));
        held = held.subarray(end);
        type = 1;
      }
      done();
    },
  });
}
