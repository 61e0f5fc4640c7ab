// What a list of keys shows of each.
import { ActionIcon, Badge, Group, Text, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconLock } from "@tabler/icons-react";
import { count } from "@/format/figures";
import { Money, Time } from "@/parts/figure";
import type { Column } from "@/table/column";
import { IdCell } from "@/table/id-cell";
import { access } from "@/texts/en/access";
import { parts } from "@/texts/en/parts";
import { BriefLimits } from "./brief-limits";
import { KeyState } from "./key-state";
import type { TreeRow } from "./key-tree";

const words = access.keys;
const INDENT_PX = 22;

export function keyColumns(toggle: (id: string) => void): Column<TreeRow>[] {
  return [
    { id: "name", head: words.name, cell: (row) => <Name row={row} toggle={toggle} />, width: 190 },
    { id: "owner", head: words.owner, cell: ({ shown }) => ownerOf(shown), width: 150 },
    { id: "team", head: words.team, cell: ({ shown }) => shown.team || parts.none, width: 130, hidden: true },
    { id: "role", head: words.role, cell: ({ shown }) => access.roles[shown.role], width: 105 },
    { id: "state", head: words.state, cell: ({ shown }) => <KeyState shown={shown} />, width: 118 },
    { id: "limits", head: words.limits, cell: ({ shown }) => <BriefLimits figures={shown.figures} />, width: 172 },
    { id: "expires", head: words.expires, cell: ({ shown }) => <Time at={shown.expires_at} />, width: 100 },
    { id: "used", head: words.lastUsed, cell: ({ shown }) => <Time at={shown.figures?.last_used_at} />, width: 105 },
    {
      id: "cost",
      head: words.costMonth,
      cell: ({ shown }) => <Money nano={shown.figures?.month.cost_nano_usd} />,
      align: "right",
      width: 105,
    },
    {
      id: "parent",
      head: words.parent,
      cell: ({ shown }) => shown.figures?.parent ?? parts.none,
      width: 150,
      hidden: true,
    },
    {
      id: "models",
      head: words.models,
      cell: ({ shown }) => shown.allowed_models.join(", ") || words.allModels,
      width: 160,
      hidden: true,
    },
    {
      id: "hint",
      head: words.hint,
      cell: ({ shown }) => <span className="mono">{shown.hint}</span>,
      width: 150,
      hidden: true,
    },
    { id: "id", head: words.id, cell: ({ shown }) => <IdCell id={shown.id} />, width: 210, hidden: true },
    {
      id: "created",
      head: words.created,
      cell: ({ shown }) => <Time at={shown.created_at} />,
      width: 110,
      hidden: true,
    },
    { id: "comment", head: words.comment, cell: ({ shown }) => shown.comment, width: 200, hidden: true },
  ];
}

// Whom it is charged to: a person, a team, or both.
function ownerOf({ user, team }: TreeRow["shown"]): string {
  return [user, team].filter((one) => one !== "").join(" · ") || parts.none;
}

function Name({ row, toggle }: { row: TreeRow; toggle: (id: string) => void }) {
  const { shown, depth, unfolded, more } = row;
  const Picture = unfolded ? IconChevronDown : IconChevronRight;
  return (
    <Group gap={4} wrap="nowrap" pl={depth * INDENT_PX}>
      {unfolded === undefined ? (
        depth > 0 ? (
          <span style={{ width: INDENT_PX }} />
        ) : null
      ) : (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={INDENT_PX}
          aria-expanded={unfolded}
          aria-label={unfolded ? words.hideBelow(shown.name) : words.showBelow(shown.name)}
          onClick={() => toggle(shown.id)}
        >
          <Picture size={16} aria-hidden />
        </ActionIcon>
      )}
      <Text size="sm" fw={500} truncate title={shown.name}>
        {shown.name}
      </Text>
      {shown.figures?.children ? (
        <Badge variant="default" size="sm" radius="sm" fw={500} className="figures">
          {count(shown.figures.children)}
        </Badge>
      ) : null}
      {shown.origin === "database" ? null : <Declared where={shown.declared_at || access.origins[shown.origin]} />}
      {more > 0 ? (
        <Text size="xs" c="dimmed">
          {words.moreBelow(count(more))}
        </Text>
      ) : null}
    </Group>
  );
}

function Declared({ where }: { where: string }) {
  return (
    <Tooltip label={parts.readOnly(where)}>
      <IconLock size={14} aria-label={parts.readOnly(where)} color="var(--soft)" />
    </Tooltip>
  );
}
