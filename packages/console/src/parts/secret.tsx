// A secret that is shown once: copied from here, and gone with the page.

import { Alert, Button, CopyButton, Group, PasswordInput, Text } from "@mantine/core";

interface SecretProps {
  readonly label: string;
  readonly value: string;
  /** What it is for, and that it is not shown again. */
  readonly hint: string;
}

export function Secret({ label, value, hint }: SecretProps) {
  return (
    <Alert color="yellow" variant="light" title="Shown once">
      <Text size="sm" mb="xs">
        {hint}
      </Text>
      <Group align="end">
        <PasswordInput label={label} value={value} readOnly flex={1} miw={220} autoComplete="off" />
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Alert>
  );
}
