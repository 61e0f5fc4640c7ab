// The columns of the list of aliases.
import { Group, Text } from "@mantine/core";
import { Foreign } from "@/parts/foreign";
import { StateBadge } from "@/parts/state-badge";
import type { Column } from "@/table/column";
import { aliases as words } from "@/texts/en/aliases";
import { type Alias, profilesOf, scopeWords, selectionWords } from "./alias";

const heads = words.columns;

export function AliasState({ alias }: { alias: Alias }) {
  if (alias.shadowed) return <StateBadge state="unknown" word={words.shadowed} />;
  if (alias.problem) return <StateBadge state="stopped" word={words.noTarget} />;
  return <StateBadge state="ok" word={words.ready} />;
}

export function lightWords(alias: Alias): string {
  return alias.use_light_model ? words.lightShort(alias.light_model, alias.light_model_threshold) : "";
}

function LeadsTo({ alias }: { alias: Alias }) {
  const [first, ...others] = alias.leads_to;
  if (first === undefined) return null;
  return (
    <Group gap={6} wrap="nowrap" title={alias.leads_to.join(", ")}>
      <Text size="sm" truncate component="div">
        <Foreign text={first} />
      </Text>
      {others.length > 0 ? (
        <Text size="xs" c="dimmed">
          {words.more(others.length)}
        </Text>
      ) : null}
    </Group>
  );
}

export const ALIAS_COLUMNS: Column<Alias>[] = [
  { id: "name", head: heads.name, width: 150, cell: (row) => <Foreign text={row.name} /> },
  { id: "scope", head: heads.scope, width: 130, cell: (row) => <Foreign text={scopeWords(row.scope)} /> },
  { id: "state", head: heads.state, width: 150, cell: (row) => <AliasState alias={row} /> },
  { id: "leads", head: heads.leadsTo, width: 230, cell: (row) => <LeadsTo alias={row} /> },
  { id: "profiles", head: heads.profiles, width: 80, align: "right", cell: (row) => profilesOf(row).length },
  { id: "selection", head: heads.selection, width: 120, cell: (row) => selectionWords(row.selection) },
  { id: "fallback", head: heads.fallback, width: 130, cell: (row) => <Foreign text={row.fallback} /> },
  { id: "light", head: heads.light, width: 190, cell: (row) => <Foreign text={lightWords(row)} /> },
  { id: "from", head: heads.from, width: 100, cell: (row) => words.origins[row.origin] },
];
