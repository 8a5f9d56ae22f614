// Which roles somebody has, to be ticked.

import { Checkbox, Group } from "@mantine/core";
import { rights } from "../session/sign-in.ts";

interface RolesProps {
  readonly value: readonly string[];
  readonly onChange: (roles: string[]) => void;
  readonly description?: string | undefined;
}

export function Roles({ value, onChange, description }: RolesProps) {
  return (
    <Checkbox.Group label="Roles" description={description} value={[...value]} onChange={onChange}>
      <Group gap="md" mt={6}>
        {rights.map((right) => (
          <Checkbox key={right} value={right} label={right} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
