// The command palette: a page by name, or whatever is pasted, with Ctrl+K (⌘K) or the button. What may be a token's text
// is hidden while it stands there and handed over in memory.

import { Button, Combobox, Kbd, Modal, Text, TextInput, useCombobox, VisuallyHidden } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { handOver } from "./pasted.ts";
import { type Found, type NamedPage, recognise } from "./recognise.ts";

export function Palette({ pages }: { readonly pages: readonly NamedPage[] }) {
  const [isOpen, { open, close }] = useDisclosure();
  const navigate = useNavigate();
  useHotkeys([["mod+K", open]], []);
  const go = (found: Found, text: string): void => {
    close();
    if (found.kind === "place") navigate({ to: found.to, search: found.search ?? {} });
    else {
      handOver(text.trim());
      navigate({ to: "/explain", search: {} });
    }
  };
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={open} aria-keyshortcuts="Control+K Meta+K">
        Go to
        <Kbd ml="xs" size="xs" visibleFrom="sm" aria-hidden="true">
          Ctrl K
        </Kbd>
      </Button>
      <Modal opened={isOpen} onClose={close} title="Go to" yOffset="12dvh">
        <Search pages={pages} go={go} close={close} />
      </Modal>
    </>
  );
}

interface SearchProps {
  readonly pages: readonly NamedPage[];
  readonly go: (found: Found, text: string) => void;
  readonly close: () => void;
}

function Search({ pages, go, close }: SearchProps) {
  const [text, setText] = useState("");
  // Escape closes the options, which are all there is.
  const options = useCombobox({ opened: true, onDropdownClose: close });
  const found = recognise(text, pages);
  const isToken = found[0]?.kind === "token";
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each text the first option is the one that Enter takes
  useEffect(() => {
    options.selectFirstOption();
  }, [text]);
  return (
    <Combobox
      store={options}
      onOptionSubmit={(label) => {
        const chosen = found.find((one) => one.label === label);
        if (chosen !== undefined) go(chosen, text);
      }}
    >
      <Combobox.EventsTarget withExpandedAttribute>
        <TextInput
          data-autofocus
          label="A page, an id, or a token"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          styles={isToken ? hidden : {}}
        />
      </Combobox.EventsTarget>
      <Combobox.Options mt="sm" mah="50dvh" aria-label="Found" style={{ overflowY: "auto" }}>
        {found.map(({ label }) => (
          <Combobox.Option key={label} value={label}>
            <Text size="sm" span style={{ overflowWrap: "anywhere" }}>
              {label}
            </Text>
          </Combobox.Option>
        ))}
        {found.length === 0 ? <Combobox.Empty>Nothing has this name</Combobox.Empty> : null}
      </Combobox.Options>
      <VisuallyHidden role="status">{found[0]?.label}</VisuallyHidden>
    </Combobox>
  );
}

const hidden = { input: { WebkitTextSecurity: "disc" } };
