// What a replay does: the grant ends, whatever else covers it, before the client is told. RFC 9700 section 4.14.2 for
// refresh tokens, RFC 6749 section 4.1.2 for codes (a SHOULD there, always done here: THREATS AC-02).

import type { Refusal } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import { commitAndWake, seqHeader } from "./commit.ts";

export interface Replay {
  readonly what: "code" | "device code" | "refresh token";
  /** Of a refresh token: which one of the family. */
  readonly tokenId?: string | undefined;
  readonly grantId: string;
  /** The client that presented it, whose it is. */
  readonly clientId: string;
  readonly subject: string;
  readonly refusal: Refusal;
}

/** Ends the grant of a replayed code or refresh token for good and answers the refusal with `Rescind-Seq`. */
export async function endReplayed(replay: Replay, deps: Dependencies): Promise<Answer> {
  const { clientId, grantId, subject, tokenId, what } = replay;
  const receipt = await commitAndWake(
    {
      unit: { name: "grant", issuer: deps.issuer, value: grantId },
      actor: { kind: "client", id: clientId },
      reason: "replay_detected",
      note: `A ${what}${tokenId === undefined ? "" : ` (${tokenId})`} was presented again.`,
      final: true,
      select: { grant_id: grantId },
      about: { clientId, subject, grantId },
    },
    deps,
  );
  deps.log.warn({ clientId, grantId, seq: receipt.seq }, `${what} replayed`);
  return oauthRefusal(replay.refusal, seqHeader(receipt));
}
