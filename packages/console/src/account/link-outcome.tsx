// What came of linking an account elsewhere, as the browser comes back from there: said once.

import { Alert } from "@mantine/core";
import type { SignInMeans } from "@rescind/admin-api";
import { useEffect, useState } from "react";
import { rootPath } from "../session/place.ts";

const outcomes: Readonly<Record<string, { readonly isGood: boolean; readonly text: string }>> = {
  linked: { isGood: true, text: "is linked: you can sign in by it from now on." },
  taken: { isGood: false, text: "is linked to somebody else here. Unlink it there first." },
  "not-you": { isGood: false, text: "was not linked: another person has signed in here meanwhile." },
  denied: { isGood: false, text: "was not linked: you went back, or it refused." },
  failed: { isGood: false, text: "was not linked: what came back from there could not be used." },
};

export function LinkOutcome({ identities, providers }: Pick<SignInMeans, "identities" | "providers">) {
  const [asked] = useState(() => new URLSearchParams(location.search));
  const outcome = outcomes[asked.get("identity") ?? ""];
  useEffect(() => {
    if (outcome !== undefined) history.replaceState(null, "", `${rootPath}/account/`);
  }, [outcome]);
  if (outcome === undefined) return null;
  const known = [...identities, ...providers].find(
    ({ upstream_id }) => upstream_id === asked.get("upstream"),
  );
  return (
    <Alert role="status" variant="light" color={outcome.isGood ? "teal" : "orange"}>
      {known === undefined ? "The account" : `Your account at ${known.name}`} {outcome.text}
    </Alert>
  );
}
