// A longer text on one line, whole when it is pointed at.

import { Text } from "@mantine/core";

export function OneLine({ text }: { readonly text: string }) {
  return (
    <Text size="sm" truncate maw={280} title={text}>
      {text}
    </Text>
  );
}
