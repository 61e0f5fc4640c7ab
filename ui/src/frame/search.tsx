// The way into the palette: a field to press, `/` or Ctrl-K. The palette itself is loaded when it is first wanted.
import { ActionIcon, Kbd, UnstyledButton } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { frame as words } from "@/texts/en/frame";
import classes from "./frame.module.css";

const Palette = lazy(() => import("./palette").then(({ Palette: component }) => ({ default: component })));

export function Search() {
  const [opened, palette] = useDisclosure(false);
  const [wanted, setWanted] = useState(false);
  const open = () => {
    setWanted(true);
    palette.open();
  };
  useHotkeys([
    ["/", open],
    ["mod+K", open],
  ]);
  return (
    <>
      <UnstyledButton className={classes.search} onClick={open} aria-label={words.search} visibleFrom="md">
        <IconSearch size={16} aria-hidden />
        <span>{words.search}</span>
        <Kbd size="xs">/</Kbd>
      </UnstyledButton>
      <ActionIcon variant="subtle" color="gray" size="lg" onClick={open} aria-label={words.search} hiddenFrom="md">
        <IconSearch size={20} />
      </ActionIcon>
      {wanted ? (
        <Suspense>
          <Palette opened={opened} onOpen={open} onClose={palette.close} />
        </Suspense>
      ) : null}
    </>
  );
}
