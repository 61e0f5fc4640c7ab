// The rail: every page that is for whoever is signed in, by group; icons alone where it is narrow.
import { ActionIcon, Box, Tooltip } from "@mantine/core";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useSession } from "@/api/session";
import { type Group, PAGES, type PageRow } from "@/pages";
import { isFor } from "@/router";
import { frame as words } from "@/texts/en/frame";
import { useAttention } from "./attention";
import classes from "./frame.module.css";

const GROUPS = Object.keys(words.groups) as Group[];

interface Props {
  narrow: boolean;
  onNarrow: () => void;
  onVisit: () => void;
}

export function Rail({ narrow, onNarrow, onVisit }: Props) {
  const session = useSession();
  const pages = PAGES.filter((page) => isFor(page, session));
  const marks = useAttention();
  return (
    <>
      <div className={classes.pages}>
        {GROUPS.map((group) => (
          <PageGroup
            key={group}
            name={words.groups[group]}
            pages={pages.filter((page) => page.group === group)}
            marks={marks}
            narrow={narrow}
            onVisit={onVisit}
          />
        ))}
      </div>
      <Box p={8} visibleFrom="sm">
        <ActionIcon
          variant="subtle"
          color="gray"
          onClick={onNarrow}
          aria-label={narrow ? words.expand : words.collapse}
        >
          {narrow ? <IconLayoutSidebarLeftExpand size={18} /> : <IconLayoutSidebarLeftCollapse size={18} />}
        </ActionIcon>
      </Box>
    </>
  );
}

interface GroupProps {
  name: string;
  pages: PageRow[];
  marks: ReturnType<typeof useAttention>;
  narrow: boolean;
  onVisit: () => void;
}

function PageGroup({ name, pages, marks, narrow, onVisit }: GroupProps) {
  if (pages.length === 0) return null;
  return (
    <Box component="section" aria-label={name}>
      <div className={classes.group} aria-hidden>
        {narrow ? " " : name}
      </div>
      {pages.map((page) => (
        <PageLink key={page.name} page={page} mark={marks[page.name] ?? ""} narrow={narrow} onVisit={onVisit} />
      ))}
    </Box>
  );
}

interface LinkProps {
  page: PageRow;
  mark: string;
  narrow: boolean;
  onVisit: () => void;
}

function PageLink({ page, mark, narrow, onVisit }: LinkProps) {
  const name = words.pages[page.name];
  const said = mark === "" ? name : words.marked(name, mark);
  const link = (
    <Link
      to={page.path as never}
      className={`${classes.link} ${narrow ? classes.narrow : ""}`}
      onClick={onVisit}
      aria-label={said}
    >
      <page.icon size={18} stroke={1.7} aria-hidden />
      {narrow ? null : <span>{name}</span>}
      {mark === "" ? null : (
        <span className={classes.mark} aria-hidden>
          !
        </span>
      )}
    </Link>
  );
  return narrow || mark !== "" ? (
    <Tooltip label={said} position="right">
      {link}
    </Tooltip>
  ) : (
    link
  );
}
