// The reasons that an order may give; without their schema, so that a page can offer them for a few bytes.

import { type RevocationReason, revocationReasons } from "@rescind/core";

/** Found out by the server itself; nobody may claim them. */
const ofTheServer = ["replay_detected", "restore"];

/** The reasons an order may give. */
export const orderReasons = revocationReasons.filter(
  (reason): reason is Exclude<RevocationReason, "replay_detected" | "restore"> =>
    !ofTheServer.includes(reason),
);
