// One entry of the audit log: who, from where, on what, and each field before and after.
import { Group, Table, Text } from "@mantine/core";
import { ApiError } from "@/api/client";
import type { components } from "@/api/schema";
import { absolute } from "@/format/times";
import { Copy } from "@/parts/copy";
import { Facts, Section, SidePanel } from "@/table/side-panel";
import { settings } from "@/texts/en/settings";

const words = settings.audit;

export type Entry = components["schemas"]["ShownEntry"];

// The names of what is different; of what was made or removed, all of it.
export function changedFields({ before, after }: Entry): string[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names].filter((name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name])).sort();
}

interface Props {
  entry: Entry | undefined;
  isLoading: boolean;
  onClose: () => void;
}

export function AuditPanel({ entry, isLoading, onClose }: Props) {
  if (entry === undefined) {
    const gone = new ApiError({ status: 404, code: "", title: "", detail: words.gone2 });
    return (
      <SidePanel title={words.name} onClose={onClose} isLoading={isLoading} error={isLoading ? null : gone}>
        {null}
      </SidePanel>
    );
  }
  const { actor, subject } = entry;
  return (
    <SidePanel title={entry.action} about={<Text size="sm">{words.entry(entry.number)}</Text>} onClose={onClose}>
      <Facts
        facts={[
          [words.columns.at, absolute(entry.at)],
          [words.columns.actor, `${actor.name || words.server} (${actor.kind})`],
          [words.columns.address, actor.address || undefined],
          [words.columns.subject, `${subject.kind} ${subject.name}`],
          [
            words.hash,
            <Group key="hash" gap={4} wrap="nowrap">
              <Text size="xs" className="mono" truncate maw={280}>
                {entry.hash}
              </Text>
              <Copy text={entry.hash} what={words.hash} />
            </Group>,
          ],
        ]}
      />
      <Section title={words.columns.change}>
        <Table aria-label={words.columns.change} layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.field}</Table.Th>
              <Table.Th>{words.before}</Table.Th>
              <Table.Th>{words.after}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {changedFields(entry).map((name) => (
              <Table.Tr key={name} style={{ overflowWrap: "anywhere" }}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{textOf(entry.before?.[name])}</Table.Td>
                <Table.Td>{textOf(entry.after?.[name])}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Section>
    </SidePanel>
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null || value === "") return words.unset;
  return typeof value === "string" ? value : JSON.stringify(value);
}
