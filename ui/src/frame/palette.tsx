// Search and command palette (`/`, Ctrl-K): pages at once, subjects as the server finds them.

import { useDebouncedValue } from "@mantine/hooks";
import "@mantine/spotlight/styles.layer.css";
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData, spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useSession } from "@/api/session";
import { PAGES } from "@/pages";
import { isFor } from "@/router";
import { frame as words } from "@/texts/en/frame";
import { useFound } from "./found";

const WAIT_MS = 150;
const LEAST_CHARS = 2;

interface Props {
  opened: boolean;
  onOpen: () => void;
  onClose: () => void;
}

export function Palette({ opened, onOpen, onClose }: Props) {
  const [query, setQuery] = useState("");
  const [asked] = useDebouncedValue(query.trim(), WAIT_MS);
  // Whoever opens it says so to its own store: what is held open from outside does not close by Escape.
  useEffect(() => (opened ? spotlight.open() : spotlight.close()), [opened]);
  const groups = useGroups(query.trim().toLowerCase(), asked.length >= LEAST_CHARS ? asked : "");
  return (
    <Spotlight
      actions={groups}
      query={query}
      onQueryChange={setQuery}
      onSpotlightOpen={onOpen}
      onSpotlightClose={onClose}
      shortcut={null}
      filter={(_, actions) => actions}
      nothingFound={query.trim().length < LEAST_CHARS ? words.searchShorter : words.searchNothing(query.trim())}
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: words.searchHint,
        "aria-label": words.search,
      }}
    />
  );
}

function useGroups(typed: string, asked: string): SpotlightActionGroupData[] {
  const session = useSession();
  const navigate = useNavigate();
  const found = useFound(asked);
  const pages: SpotlightActionData[] = PAGES.filter(
    (page) => isFor(page, session) && words.pages[page.name].toLowerCase().includes(typed),
  ).map((page) => ({
    id: `page-${page.name}`,
    label: words.pages[page.name],
    leftSection: <page.icon size={18} stroke={1.7} aria-hidden />,
    onClick: () => void navigate({ to: page.path as never, search: {} as never }),
  }));
  const subjects = found.map(({ kind, rows }) => ({
    group: words.kinds[kind],
    actions: rows.map((row) => ({
      id: `${kind}-${row.id}`,
      label: row.name,
      description: row.about,
      onClick: () => void navigate({ to: row.path as never, search: row.search as never }),
    })),
  }));
  return [{ group: words.kinds.page, actions: pages }, ...subjects].filter((group) => group.actions.length > 0);
}
