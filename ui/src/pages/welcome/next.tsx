// Where to go from here, as far as it is for whoever is signed in.
import { Stack, Text, UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useSession } from "@/api/session";
import { PAGES } from "@/pages";
import { Panel } from "@/parts/panel";
import { isFor } from "@/router";
import { frame } from "@/texts/en/frame";
import { welcome as words } from "@/texts/en/welcome";
import classes from "./welcome.module.css";

type Named = keyof typeof words.next;

export function Next() {
  const session = useSession();
  const pages = PAGES.filter((page) => page.name in words.next && isFor(page, session));
  return (
    <Panel title={words.nextTitle}>
      <Stack gap={4}>
        {pages.map((page) => (
          <UnstyledButton key={page.name} component={Link} {...{ to: page.path as never }} className={classes.next}>
            <page.icon size={20} stroke={1.6} aria-hidden />
            <span>
              <Text component="span" size="sm" fw={600} display="block">
                {frame.pages[page.name]}
              </Text>
              <Text component="span" size="xs" c="dimmed" display="block">
                {words.next[page.name as Named]}
              </Text>
            </span>
          </UnstyledButton>
        ))}
      </Stack>
    </Panel>
  );
}
