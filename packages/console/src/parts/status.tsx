// A status in a colour that says the same: live, expired, revoked, spent, approved, fresh, stale.

import { Badge } from "@mantine/core";

const colors: Readonly<Record<string, string>> = {
  live: "teal",
  approved: "teal",
  active: "teal",
  fresh: "teal",
  delivered: "teal",
  expired: "gray",
  spent: "gray",
  not_yet: "gray",
  unknown: "gray",
  disabled: "gray",
  pending: "yellow",
  stale: "orange",
  revoked: "red",
  dead: "red",
};

export function Status({ value }: { readonly value: string }) {
  return (
    <Badge variant="light" color={colors[value] ?? "gray"} tt="none" miw="max-content">
      {value.replace("_", " ")}
    </Badge>
  );
}
