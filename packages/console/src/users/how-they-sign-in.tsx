// How one person signs in, for who looks after them: what there is, the reset of second factors, and the end of a linked
// account. No secret of theirs is shown, since the server gives none.

import { Badge, Card, Checkbox, Group, Loader, Stack, Text, Title } from "@mantine/core";
import type { Identity, Passkey, SignInMeans } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Ask } from "../parts/ask.tsx";
import { Facts } from "../parts/facts.tsx";
import { Failure } from "../parts/failure.tsx";
import { given } from "../parts/given.ts";
import { Moment } from "../parts/moment.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

export function HowTheySignIn({ sub }: { readonly sub: string }) {
  const { api, session } = useConnection();
  const query = useQuery({
    queryKey: ["user-sign-in", sub],
    queryFn: ({ signal }) => api.readUserSignIn({ params: { sub }, signal }),
  });
  const means = query.data;
  return (
    <Stack component="section" aria-label="How they sign in">
      <Title order={2}>How they sign in</Title>
      {query.isPending ? <Loader role="progressbar" aria-label="How they sign in: being loaded" /> : null}
      {query.isError ? <Failure error={query.error} retry={() => query.refetch()} /> : null}
      {means === undefined ? null : (
        <>
          <Facts
            facts={[
              ["Password", means.password ? "is set" : "none"],
              ["Codes of an app", totpOf(means)],
              ["Recovery codes", codesOf(means)],
              ["As of", <Moment key="as-of" at={means.as_of} />],
            ]}
          />
          {means.passkeys.map((passkey) => (
            <PasskeyCard key={passkey.passkey_id} passkey={passkey} />
          ))}
          {means.identities.map((identity) => (
            <IdentityCard key={identity.identity_id} sub={sub} identity={identity} />
          ))}
          {session.may("administrator") && hasFactors(means) ? <Reset sub={sub} means={means} /> : null}
        </>
      )}
    </Stack>
  );
}

function hasFactors({ totp, recovery_codes, passkeys }: SignInMeans): boolean {
  return totp !== null || recovery_codes !== null || passkeys.length > 0;
}

function totpOf({ totp }: SignInMeans) {
  return totp === null ? "none" : <Moment key="totp" at={totp.since} />;
}

function codesOf({ recovery_codes: codes }: SignInMeans): string {
  return codes === null ? "none" : `${codes.left} of ${codes.of} left`;
}

function PasskeyCard({ passkey }: { readonly passkey: Passkey }) {
  const { name, created_at, last_used_at } = passkey;
  return (
    <Card withBorder component="article" aria-label={name} p="sm">
      <Group gap="xs">
        <Text fw={600} style={{ overflowWrap: "anywhere" }}>
          {name}
        </Text>
        <Badge variant="light" color="gray" tt="none">
          passkey
        </Badge>
      </Group>
      <Text size="sm" c="dimmed">
        Since <Moment at={created_at} /> · last used <Moment at={last_used_at ?? undefined} />
      </Text>
    </Card>
  );
}

function IdentityCard({ sub, identity }: { readonly sub: string; readonly identity: Identity }) {
  const { api, session } = useConnection();
  const { identity_id, upstream_id, name, email, username, linked_at, last_used_at } = identity;
  const known = [username, email].filter((text) => text !== null && text !== "").join(" · ");
  return (
    <Card withBorder component="article" aria-label={name} p="sm">
      <Group justify="space-between" align="start">
        <Stack gap={4} flex={1} miw={180}>
          <Group gap="xs">
            <Way to={`/providers/${upstream_id}`}>{name}</Way>
            <Badge variant="light" color="gray" tt="none">
              linked account
            </Badge>
          </Group>
          {known === "" ? null : (
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {known}
            </Text>
          )}
          <Text size="sm" c="dimmed">
            Linked <Moment at={linked_at} /> · last used <Moment at={last_used_at ?? undefined} />
          </Text>
        </Stack>
        {session.may("administrator") ? (
          <Ask
            label="Unlink"
            about={name}
            title={`Unlink ${name}?`}
            act={() => api.removeIdentity({ params: { sub, identity_id } })}
            changes={["user-sign-in"]}
          >
            <Text>
              Whoever has this account at {name} can sign in as this person no more, and is signed out.
            </Text>
          </Ask>
        ) : null}
      </Group>
    </Card>
  );
}

function Reset({ sub, means }: { readonly sub: string; readonly means: SignInMeans }) {
  const { api } = useConnection();
  const [withPasskeys, setWithPasskeys] = useState(false);
  return (
    <Group>
      <Ask
        label="Reset second factors"
        title="Reset this person's second factors?"
        act={() =>
          api.resetFactors({ params: { sub }, query: given({ passkeys: withPasskeys ? true : undefined }) })
        }
        changes={["user-sign-in", "sessions"]}
      >
        <Text>
          Their authenticator app and recovery codes count no more, and sessions that were opened with them
          end. Until they set up another, whoever knows their password is in: make sure that it is they who
          ask.
        </Text>
        {means.passkeys.length === 0 ? null : (
          <Checkbox
            label="Their passkeys too"
            checked={withPasskeys}
            onChange={({ currentTarget }) => setWithPasskeys(currentTarget.checked)}
          />
        )}
      </Ask>
    </Group>
  );
}
