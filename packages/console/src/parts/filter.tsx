// One filter of a list: counts when the field is left or Enter is pressed.

import { TextInput } from "@mantine/core";

interface FilterProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly set: (value: string) => void;
}

export function Filter({ label, value = "", set }: FilterProps) {
  return (
    <TextInput
      label={label}
      key={value}
      defaultValue={value}
      onBlur={({ currentTarget }) => {
        const typed = currentTarget.value.trim();
        if (typed !== value) set(typed);
      }}
      onKeyDown={({ key, currentTarget }) => key === "Enter" && currentTarget.blur()}
    />
  );
}
