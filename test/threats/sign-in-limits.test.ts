// Guessing passwords: the same answer and the same work for everybody, ten failures a minute for an account, sixty for
// an address, none counted for who is right. THREATS WEB-18 and AC-20, CONTRACT.md section 3. How long an answer takes is
// printed, not tested.
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { consoleScope } from "../console-login.ts";
import { challengeOf, pkce } from "../people.ts";
import { createPerson, type Page, type Person } from "../person.ts";
import { startTestServer, type TestServer } from "../running-server.ts";

const password = "correct horse battery";
const wrong = "never-the-one";

/** A browser in which the sign-in page is open. */
async function atLogin(server: TestServer): Promise<{ browser: Person; page: Page }> {
  const query = new URLSearchParams({
    client_id: "console",
    response_type: "code",
    redirect_uri: "http://127.0.0.1:5555/callback",
    scope: consoleScope,
    code_challenge: challengeOf(pkce.verifier),
    code_challenge_method: "S256",
  });
  const browser = createPerson(server.issuer);
  return { browser, page: await browser.open(`${server.issuer}/oauth2/authorize?${query}`) };
}

async function guess(server: TestServer, username: string, guessed: string): Promise<Page> {
  const { browser, page } = await atLogin(server);
  return browser.submit(page, { username, password: guessed });
}

function statuses(pages: readonly Page[]): (number | undefined)[] {
  return pages.map(({ status }) => status);
}

describe("WEB-18 what a wrong password is told", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    const users = [
      { username: "ada", password, email: "ada@example.com" },
      { username: "gone", password, status: "disabled" },
      { username: "new" },
      { username: "grace", password },
    ];
    for (const user of users) assert.equal((await server.admin("POST", "/admin/v1/users", user)).status, 201);
  });
  after(() => server.close());

  test("nobody can tell an unknown name, a disabled person or one without a password from a wrong password", async () => {
    const tries: [string, string][] = [
      ["nobody", password],
      ["ada", wrong],
      ["ADA@example.com", wrong],
      ["gone", password],
      ["gone", wrong],
      ["new", password],
      ["admin", "admin"],
      ["nobody", "x".repeat(5000)],
      ["ada", "x".repeat(5000)],
    ];
    const answers = new Map<string, string>();
    for (const [username, guessed] of tries) {
      const { browser, page } = await atLogin(server);
      const answer = await browser.submit(page, { username, password: guessed });
      const headers = Object.fromEntries(answer.headers);
      for (const own of ["x-request-id", "date", "content-length"]) delete headers[own];
      const text = answer.text
        .replaceAll(`value="${username}"`, 'value="NAME"')
        .replaceAll(/name="transaction" value="[^"]*"/g, "")
        .replaceAll(/transaction=[\w.~-]+/g, "");
      answers.set(JSON.stringify([answer.status, headers, text]), `${username} ${guessed.slice(0, 20)}`);
      assert.ok(username === guessed || !answer.text.includes(guessed), "the password is shown again");
    }
    assert.deepEqual([...answers.values()].slice(1), [], "told apart");
    assert.equal(
      (await guess(server, "ada", password)).status,
      undefined,
      "it was not the pages that failed",
    );
  });

  test("how long it takes is printed", async (t) => {
    const times: Record<string, number[]> = { known: [], unknown: [] };
    for (let n = 0; n < 6; n++) {
      // By turns, so that what else this machine does falls on both.
      for (const [kind, username] of [
        ["known", "grace"],
        ["unknown", "nobody-else"],
      ] as const) {
        const { browser, page } = await atLogin(server);
        const from = performance.now();
        await browser.submit(page, { username, password: wrong });
        times[kind]?.push(performance.now() - from);
      }
    }
    for (const [kind, taken] of Object.entries(times))
      t.diagnostic(`${kind}: ${taken.sort((a, b) => a - b).map((ms) => ms.toFixed(0))} ms`);
  });
});

/** The wall clock stands still for the rest of the test: a minute of it is over when sixty passwords take that long. */
function standStill({ mock }: TestContext): void {
  mock.timers.enable({ apis: ["Date"], now: Date.now() });
}

describe("WEB-18 how often one may guess", () => {
  test("ten failures a minute for an account, by whichever name, known or not; others go on", async (t) => {
    const server = await startTestServer();
    standStill(t);
    try {
      const user = { username: "ada", password, email: "ada@example.com" };
      await server.admin("POST", "/admin/v1/users", user);
      await server.admin("POST", "/admin/v1/users", { username: "grace", password });
      for (const names of [
        ["ada", "ADA", "ada@example.com"],
        ["nobody", "NoBody"],
      ]) {
        const pages: Page[] = [];
        for (let n = 0; n < 11; n++) pages.push(await guess(server, names[n % names.length] ?? "", wrong));
        assert.deepEqual(statuses(pages), [...Array(10).fill(400), 429], names[0]);
        const seconds = Number(pages.at(-1)?.headers.get("retry-after"));
        assert.ok(seconds >= 1 && seconds <= 60, `${seconds}`);
      }
      assert.equal((await guess(server, "ada", password)).status, 429, "the right password too");
      assert.equal((await guess(server, "grace", password)).status, undefined, "somebody else");
    } finally {
      await server.close();
    }
  });

  test("guesses side by side are no more, and who is right is never counted", async (t) => {
    const server = await startTestServer();
    standStill(t);
    try {
      await server.admin("POST", "/admin/v1/users", { username: "ada", password });
      for (let n = 0; n < 12; n++) assert.equal((await guess(server, "ada", password)).status, undefined);
      const opened = await Promise.all(Array.from({ length: 24 }, () => atLogin(server)));
      const pages = await Promise.all(
        opened.map(({ browser, page }) => browser.submit(page, { username: "ada", password: wrong })),
      );
      assert.deepEqual(statuses(pages).sort(), [...Array(10).fill(400), ...Array(14).fill(429)]);
    } finally {
      await server.close();
    }
  });

  test("sixty failures a minute for an address, over all accounts", async (t) => {
    const server = await startTestServer();
    standStill(t);
    try {
      await server.admin("POST", "/admin/v1/users", { username: "ada", password });
      const { browser, page } = await atLogin(server);
      const pages: Page[] = [];
      for (let n = 0; n < 61; n++)
        pages.push(await browser.submit(page, { username: `guess-${n}`, password: wrong }));
      assert.deepEqual(statuses(pages), [...Array(60).fill(400), 429]);
      assert.equal((await guess(server, "ada", password)).status, 429);
    } finally {
      await server.close();
    }
  });
});
