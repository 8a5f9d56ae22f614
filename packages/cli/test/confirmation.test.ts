// What is asked before something wide, where there is no terminal to ask on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { askBefore } from "../src/confirmation.ts";

test("without a terminal what would happen is told line by line, and what is missing on the last", async () => {
  await assert.rejects(askBefore(["Reaches: a grant.", "Now: 1 grants"], "Revoke?"), {
    message: /^Reaches: a grant\.\nNow: 1 grants\nThis needs --yes /,
  });
});
