// Global Token Revocation: draft-parecki-oauth-global-token-revocation. A security tool or an identity provider has
// every session and token of a person ended, of this issuer or of one that is registered here. Subject identifiers are
// those of RFC 9493; of its formats opaque, email and iss_sub.

import { Subject, Text } from "@rescind/admin-api";
import type { AccessToken, Unit } from "@rescind/core";
import type { Actor } from "@rescind/store";
import Type, { type Static } from "typebox";
import { invalidFields } from "../admin/refusal.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore } from "../http/answer.ts";
import { bearerRefusal, problem } from "../http/respond.ts";
import type { BearerRequest } from "../http/routes.ts";
import { commitOrder, seqHeader } from "../revocation/commit.ts";
import { foreignSelectOf, selectOf } from "../revocation/select.ts";

const formats = ["opaque", "email", "iss_sub"] as const;

type Format = (typeof formats)[number];

/** The members of each format beside `format`: all of them and no others. */
const membersOf = {
  opaque: ["id"],
  email: ["email"],
  iss_sub: ["iss", "sub"],
} as const satisfies Record<Format, readonly string[]>;

export const globalRevocationBody = Type.Object(
  {
    sub_id: Type.Object(
      {
        format: Type.Enum(formats, { type: "string" }),
        id: Type.Optional(Subject),
        email: Type.Optional(Text(255, "The address of exactly one person.")),
        iss: Type.Optional(Text(2048, "This issuer, or a registered one.")),
        sub: Type.Optional(Subject),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

type SubjectId = Static<typeof globalRevocationBody>["sub_id"];

export async function revokeGlobally(request: BearerRequest, deps: Dependencies): Promise<Answer> {
  const { sub_id: subjectId } = request.body as Static<typeof globalRevocationBody>; // checked by the schema at the edge
  const { caller } = request;
  if (caller === undefined) return bearerRefusal({ kind: "missing" });
  const errors = wrongMembers(subjectId);
  if (errors.length > 0) return invalidFields(errors);
  const unit = await subjectNamed(subjectId, deps);
  if (unit === undefined) return notFound;
  const isForeign = unit.issuer !== deps.issuer;
  const receipt = await commitOrder(
    {
      unit,
      actor: actorOf(caller.token),
      reason: "security_event",
      final: true,
      select: isForeign ? foreignSelectOf(unit) : selectOf(unit),
      // Whoever has that name here is somebody else.
      about: isForeign ? {} : { subject: unit.value },
    },
    deps,
  );
  return { status: 204, headers: { ...noStore, ...seqHeader(receipt) } };
}

/** A tool by its own token, or the person whose token it is. */
function actorOf({ clientId, subject }: AccessToken): Actor {
  return subject === clientId ? { kind: "client", id: clientId } : { kind: "admin", id: subject };
}

function wrongMembers(subjectId: SubjectId): { readonly pointer: string; readonly detail: string }[] {
  const { format } = subjectId;
  const wanted: readonly string[] = membersOf[format];
  const given = Object.keys(subjectId).filter((member) => member !== "format");
  const missing = wanted.filter((member) => !given.includes(member));
  const surplus = given.filter((member) => !wanted.includes(member));
  return [
    ...missing.map((member) => ({ pointer: `/sub_id/${member}`, detail: "is missing." })),
    ...surplus.map((member) => ({
      pointer: `/sub_id/${member}`,
      detail: `is not a member of the format ${format}; remove it.`,
    })),
  ];
}

/** The subject's unit; undefined where the person or the issuer is not known here. */
async function subjectNamed(subjectId: SubjectId, deps: Dependencies): Promise<Unit | undefined> {
  const { format, id = "", email = "", iss = "", sub = "" } = subjectId;
  switch (format) {
    case "opaque":
      return { name: "subject", issuer: deps.issuer, value: id };
    case "email": {
      const { items } = await deps.store.listUsers(
        { email: email.normalize("NFC") },
        { limit: 2, cursor: undefined },
      );
      const [only] = items;
      if (only === undefined || items.length > 1) return undefined;
      return { name: "subject", issuer: deps.issuer, value: only.user.subject };
    }
    case "iss_sub": {
      const isKnown =
        iss === deps.issuer || (await deps.store.listIssuers()).some(({ issuer }) => issuer === iss);
      return isKnown ? { name: "subject", issuer: iss, value: sub } : undefined;
    }
  }
}

const notFound = problem({
  status: 404,
  detail: "sub_id names nobody that is known here, or more than one person.",
});
