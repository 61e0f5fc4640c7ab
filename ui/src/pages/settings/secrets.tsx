// Which secrets the database keeps, under which key, and whether they can be read. What they are is shown nowhere.
import { Code, Group, Stack, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { Empty } from "@/parts/empty";
import { Time } from "@/parts/figure";
import { Panel } from "@/parts/panel";
import { StateBadge } from "@/parts/state-badge";
import type { Column } from "@/table/column";
import { DataTable } from "@/table/data-table";
import { Facts } from "@/table/side-panel";
import { settings } from "@/texts/en/settings";

const words = settings.secrets;

type Secret = components["schemas"]["ShownSecret"];

const COLUMNS: Column<Secret>[] = [
  { id: "subject", head: words.columns.subject, cell: (row) => `${row.kind} ${row.id}` },
  { id: "field", head: words.columns.field, cell: (row) => <span className="mono">{row.field}</span> },
  { id: "hint", head: words.columns.hint, width: 100, cell: (row) => <span className="mono">{row.hint}</span> },
  { id: "key", head: words.columns.key, width: 140, cell: (row) => <span className="mono">{row.key_id}</span> },
  {
    id: "status",
    head: words.columns.status,
    width: 190,
    cell: (row) => <StateBadge state={row.problem ? "stopped" : "ok"} word={row.problem ? words.bad : words.ok} />,
  },
  { id: "created", head: words.columns.created, width: 130, cell: (row) => <Time at={row.created_at} /> },
  { id: "rotated", head: words.columns.rotated, width: 130, cell: (row) => <Time at={row.rotated_at} /> },
];

export function Secrets() {
  const asked = useQuery({ queryKey: ["settings", "secrets"], queryFn: () => told(api.GET("/api/v1/secrets")) });
  const rows = asked.data?.data ?? [];
  const current = rows.filter((row) => row.key_id === asked.data?.key_id).length;
  return (
    <Stack gap={16}>
      <Panel title={words.state}>
        <Facts
          facts={[
            [words.current, <Code key="id">{asked.data?.key_id ?? "…"}</Code>],
            [
              words.rotation,
              <Group key="rotation" gap={8}>
                <StateBadge state={current === rows.length ? "ok" : "soon"} />
                {words.rotated(current, rows.length)}
              </Group>,
            ],
          ]}
        />
        {asked.data && asked.data.unreadable > 0 ? (
          <Text size="sm" c="var(--stopped)" mt={8}>
            {words.unreadable(asked.data.unreadable)}
          </Text>
        ) : null}
        <Text size="xs" c="dimmed" mt={8}>
          {words.rotateHint}
        </Text>
      </Panel>
      <DataTable
        name={words.name}
        columns={COLUMNS}
        rows={rows}
        idOf={(row) => `${row.kind} ${row.id} ${row.field}`}
        isLoading={asked.isLoading}
        error={asked.error}
        onRetry={() => void asked.refetch()}
        empty={<Empty icon={IconLock} title={words.empty} hint={words.emptyHint} />}
      />
    </Stack>
  );
}
