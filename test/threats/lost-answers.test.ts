// Answers that are lost on their way (THREATS RT-03, RT-14): a proxy between client and server that lets the request
// through and drops the answer. The client's part is the code of docs/refreshing.md, run as it stands there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, test } from "node:test";
import { basic, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const proxy = await startDroppingProxy();
after(async () => {
  await proxy.close();
  await server.close();
});

interface DroppingProxy {
  readonly url: string;
  /** Drops so many answers from now on. */
  drop(answers: number): void;
  /** Requests that reached the server, and answers that were dropped. */
  readonly count: { passed: number; dropped: number };
  close(): Promise<void>;
}

async function startDroppingProxy(): Promise<DroppingProxy> {
  const count = { passed: 0, dropped: 0 };
  let left = 0;
  const listener = createServer(async (request, response) => {
    const { authorization = "", "content-type": type = "" } = request.headers;
    const answer = await fetch(`${server.base}${request.url}`, {
      method: "POST",
      headers: { authorization, "content-type": type },
      body: new Uint8Array(await buffer(request)),
    });
    const body = await answer.text();
    count.passed += 1;
    if (left > 0) {
      left -= 1;
      count.dropped += 1;
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/oauth2/token`,
    drop(answers) {
      left = answers;
    },
    count,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
}

interface Session {
  readonly url: string;
  readonly authorization: string;
  readonly load: () => Promise<string>;
  readonly store: (refreshToken: string) => Promise<void>;
}

/** The function of the page. */
function refreshOfThePage(): (session: Session) => Promise<string> {
  const page = readFileSync(join(import.meta.dirname, "../../docs/refreshing.md"), "utf8");
  const code = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  return new Function(`${code.replace("export ", "")}\nreturn refresh;`)();
}

interface Kept {
  readonly session: Session;
  refreshToken: string;
}

async function sessionOf(client: RegisteredClient): Promise<Kept> {
  const opened = await server.openGrant(client);
  const kept: Kept = {
    refreshToken: String(opened.refresh_token),
    session: {
      url: proxy.url,
      authorization: basic(client.client_id, client.client_secret),
      load: async () => kept.refreshToken,
      store: async (refreshToken) => {
        kept.refreshToken = refreshToken;
      },
    },
  };
  return kept;
}

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

test("RT-14 RT-03 a client that follows the rule loses nothing, however many answers are lost", async () => {
  const refresh = refreshOfThePage();
  const kept = await sessionOf(await server.registerClient());
  for (const lost of [1, 0, 3, 2]) {
    proxy.drop(lost);
    const before = proxy.count.dropped;
    const access = await refresh(kept.session);
    assert.equal(proxy.count.dropped - before, lost, "the server had answered each of them");
    assert.equal(await isLive(access), true);
    assert.equal(await isLive(kept.refreshToken), true);
  }
});

test("RT-14 calls that need a token at the same time ask once", async () => {
  const refresh = refreshOfThePage();
  const kept = await sessionOf(await server.registerClient());
  const before = proxy.count.passed;
  const tokens = await Promise.all(Array.from({ length: 20 }, () => refresh(kept.session)));
  assert.equal(new Set(tokens).size, 1);
  assert.equal(proxy.count.passed, before + 1);
});

test("RT-03 after the retry the successor is used, and then the old token is a replay that ends the grant", async () => {
  const client = await server.registerClient();
  const refresh = refreshOfThePage();
  const kept = await sessionOf(client);
  const old = kept.refreshToken;
  proxy.drop(1);
  const access = await refresh(kept.session);
  const used = await refresh(kept.session);
  const form = { grant_type: "refresh_token", refresh_token: old };
  assert.equal((await server.form("/oauth2/token", form, client)).json.error, "invalid_grant");
  assert.deepEqual(await Promise.all([access, used, kept.refreshToken].map(isLive)), [false, false, false]);
  await assert.rejects(refresh(kept.session), /invalid_grant/, "and the client stops");
});
