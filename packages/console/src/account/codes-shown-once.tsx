// Recovery codes, shown once: copied or downloaded from here, and gone with the page.

import { Alert, Button, Code, CopyButton, Group, SimpleGrid, Text } from "@mantine/core";
import { issuer } from "../session/place.ts";

interface ShownOnceProps {
  readonly codes: readonly string[];
  readonly close: () => void;
}

export function ShownOnce({ codes, close }: ShownOnceProps) {
  const text = codes.join("\n");
  return (
    <Alert color="yellow" variant="light" title="Your recovery codes, shown once">
      <Text size="sm" mb="sm">
        Each opens your account once in the place of your app or passkey. Keep them where you find them when
        the device is lost, and where nobody else looks.
      </Text>
      <SimpleGrid
        component="ul"
        aria-label="Recovery codes"
        cols={2}
        spacing="xs"
        verticalSpacing={6}
        p={0}
        m={0}
      >
        {codes.map((code) => (
          <li key={code} style={{ listStyle: "none" }}>
            <Code>{code}</Code>
          </li>
        ))}
      </SimpleGrid>
      <Group mt="md">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
        <Button size="compact-sm" variant="default" onClick={() => download(text)}>
          Download
        </Button>
        <Button size="compact-sm" variant="default" onClick={close}>
          I have kept them
        </Button>
      </Group>
    </Alert>
  );
}

function download(codes: string): void {
  const place = new URL(issuer).host;
  const url = URL.createObjectURL(
    new Blob([`Recovery codes for ${issuer}\n\n${codes}\n`], { type: "text/plain" }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `recovery-codes-${place.replaceAll(/[^\w.-]/g, "-")}.txt`;
  link.click();
  URL.revokeObjectURL(url);
}
