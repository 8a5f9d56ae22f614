// What a provider is set up by, as fields: for a new one, and to change one that is there.

import { Checkbox, PasswordInput, Stack, TextInput } from "@mantine/core";
import type { UpstreamAnswer } from "@rescind/admin-api";

/** As it is typed; an empty secret is none, or the one that is kept. */
export interface ProviderDraft {
  readonly name: string;
  readonly clientId: string;
  readonly secret: string;
  readonly scopes: string;
  readonly createUsers: boolean;
  readonly linkByEmail: boolean;
  readonly trustMfa: boolean;
  readonly isEnabled: boolean;
}

export const emptyDraft: ProviderDraft = {
  name: "",
  clientId: "",
  secret: "",
  scopes: "openid profile email",
  createUsers: false,
  linkByEmail: false,
  trustMfa: false,
  isEnabled: true,
};

export function draftOf(provider: UpstreamAnswer): ProviderDraft {
  return {
    name: provider.name,
    clientId: provider.client_id,
    secret: "",
    scopes: provider.scopes.join(" "),
    createUsers: provider.create_users,
    linkByEmail: provider.link_by_email,
    trustMfa: provider.trust_mfa,
    isEnabled: provider.enabled,
  };
}

/** The members that a new provider and a change have in common. */
export function bodyOf(draft: ProviderDraft) {
  return {
    name: draft.name.trim(),
    client_id: draft.clientId.trim(),
    ...(draft.secret === "" ? {} : { client_secret: draft.secret }),
    scopes: draft.scopes.split(/\s+/).filter((scope) => scope !== ""),
    create_users: draft.createUsers,
    link_by_email: draft.linkByEmail,
    trust_mfa: draft.trustMfa,
    enabled: draft.isEnabled,
  };
}

interface FieldsProps {
  readonly draft: ProviderDraft;
  readonly change: (draft: ProviderDraft) => void;
  readonly secretHint: string;
}

export function ProviderFields({ draft, change, secretHint }: FieldsProps) {
  const text = (name: "name" | "clientId" | "secret" | "scopes") => ({
    value: draft[name],
    onChange: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) =>
      change({ ...draft, [name]: currentTarget.value }),
  });
  const box = (name: "createUsers" | "linkByEmail" | "trustMfa" | "isEnabled") => ({
    checked: draft[name],
    onChange: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) =>
      change({ ...draft, [name]: currentTarget.checked }),
  });
  return (
    <Stack>
      <TextInput
        label="Name"
        description="People see “Continue with” before it"
        required
        maxLength={64}
        {...text("name")}
      />
      <TextInput
        label="Client id"
        description="What the provider calls this server"
        required
        maxLength={255}
        {...text("clientId")}
      />
      <PasswordInput
        label="Client secret"
        description={secretHint}
        autoComplete="off"
        maxLength={2048}
        {...text("secret")}
      />
      <TextInput label="Scopes" description="With spaces between; openid is needed" {...text("scopes")} />
      <Checkbox
        label="Whoever comes for the first time becomes a user"
        description="Otherwise only people who have linked their account there can sign in through it"
        {...box("createUsers")}
      />
      <Checkbox
        label="A verified email address joins the user who has the same"
        description="Only where that address is verified here too, and never somebody with a role. Whoever runs the provider can become these people"
        {...box("linkByEmail")}
      />
      <Checkbox
        label="A second factor that was shown there counts here"
        description="Otherwise whoever has one here is asked for it"
        {...box("trustMfa")}
      />
      <Checkbox label="People can sign in through it" {...box("isEnabled")} />
    </Stack>
  );
}
