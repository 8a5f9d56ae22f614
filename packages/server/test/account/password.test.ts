// Another password at /account/v1: the current one is asked for, and everything ends with it.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { consoleTokens } from "../../../../test/console-login.ts";
import { accountWorld, password, type Someone } from "./world.ts";

const world = await accountWorld();
after(() => world.close());
const { server, people, app, someone, call, isActive, newestOrder } = world;

describe("another password", () => {
  const change = (someone: Someone, current_password: string, new_password: string) =>
    call(someone.token, "POST", "/password", { current_password, new_password });

  test("wants the current one, ends every session and token, and opens the door from then on", async () => {
    const ada = await someone();
    const elsewhere = await people.tokens(
      app,
      await people.signIn((await people.store.findUser(ada.subject)).user),
      { scopes: ["openid", "offline_access"] },
    );
    const changed = await change(ada, password, "a better passphrase");
    assert.equal(changed.status, 204, changed.text);
    const order = await newestOrder();
    assert.deepEqual(
      [order.reason, order.select, order.actor, order.final, String(order.seq)],
      [
        "password_changed",
        { subject: ada.subject },
        { kind: "user", id: ada.subject },
        true,
        changed.headers.get("rescind-seq"),
      ],
    );
    for (const token of [ada.token, elsewhere.access_token, elsewhere.refresh_token])
      assert.equal(await isActive(token), false);
    const who = { username: ada.username, password: "a better passphrase" };
    assert.equal((await consoleTokens(server, who)).status, 200);
    await assert.rejects(consoleTokens(server, { ...who, password }));
  });

  test("is refused where the current one is wrong, or the new one is weak, the same or the username", async () => {
    const ada = await someone();
    for (const [current, next, pointer] of [
      ["not the password", "a better passphrase", "/current_password"],
      [password, "short", "/new_password"],
      [password, password, "/new_password"],
      [password, ada.username.toUpperCase(), "/new_password"],
    ] as const) {
      const answer = await change(ada, current, next);
      assert.equal(answer.status, 400, next);
      assert.equal((answer.json.errors as { pointer: string }[])[0]?.pointer, pointer);
    }
    assert.equal(await isActive(ada.token), true);
    assert.equal((await consoleTokens(server, { username: ada.username, password })).status, 200);
  });

  test("WEB-18 ten wrong ones in a minute close the door, at the sign-in page too", async () => {
    const ada = await someone();
    const guesses = Array.from({ length: 12 }, (_, guess) =>
      change(ada, `guess number ${guess}`, "a better one"),
    );
    const answers = await Promise.all(guesses);
    assert.deepEqual(
      [400, 429].map((status) => answers.filter((answer) => answer.status === status).length),
      [10, 2],
    );
    const right = await change(ada, password, "a better passphrase");
    assert.equal(right.status, 429);
    assert.ok(Number(right.headers.get("retry-after")) > 0);
    await assert.rejects(consoleTokens(server, { username: ada.username, password }));
  });
});
