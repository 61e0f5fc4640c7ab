// What stands in the cells of the list of providers.
import { Badge, Group, Stack, Switch, Text, Tooltip } from "@mantine/core";
import { useState } from "react";
import { useMay } from "@/api/session";
import { duration, percent } from "@/format/figures";
import { fromNow } from "@/format/times";
import { tellDone } from "@/parts/done";
import { Time } from "@/parts/figure";
import { tellOf } from "@/parts/problem";
import { StateBadge } from "@/parts/state-badge";
import type { Column } from "@/table/column";
import { providers as words } from "@/texts/en/providers";
import { type Provider, stateOf, switchProvider, undoSwitch } from "./provider";

export const COLUMNS: Column<Provider>[] = [
  { id: "name", head: words.columns.name, width: 210, cell: (row) => <Name row={row} /> },
  { id: "status", head: words.columns.status, width: 230, cell: (row) => <Status row={row} /> },
  { id: "models", head: words.columns.models, width: 210, cell: (row) => <Models row={row} /> },
  { id: "prices", head: words.columns.prices, width: 130, cell: (row) => <Prices row={row} /> },
  { id: "credentials", head: words.columns.credentials, width: 130, cell: (row) => <Credentials row={row} /> },
  { id: "quota", head: words.columns.quota, width: 100, align: "right", hidden: true, cell: quotaLeft },
  { id: "address", head: words.columns.address, width: 260, hidden: true, cell: (row) => row.base_url },
  { id: "origin", head: words.columns.origin, width: 120, cell: (row) => <From row={row} /> },
  { id: "enabled", head: words.columns.enabled, width: 80, cell: (row) => <EnabledSwitch row={row} /> },
];

function Name({ row }: { row: Provider }) {
  return (
    <Stack gap={0}>
      <Group gap={8} wrap="nowrap">
        <Text size="sm" fw={600} truncate>
          {row.name}
        </Text>
        {row.is_default ? (
          <Tooltip label={words.isDefaultHint}>
            <Badge size="xs" variant="light" tt="none">
              {words.isDefault}
            </Badge>
          </Tooltip>
        ) : null}
      </Group>
      {row.kind === row.name ? null : (
        <Text size="xs" c="dimmed" truncate>
          {row.kind}
        </Text>
      )}
    </Stack>
  );
}

export function Status({ row }: { row: Provider }) {
  const { response_ms: took, checked_at: checked } = row.condition;
  const word = row.status === "unknown" && row.problem !== "" ? words.unusable : words.statuses[row.status];
  const facts = [
    row.enabled && took ? duration(took) : "",
    row.enabled && checked ? words.checked(fromNow(checked)) : "",
  ].filter(Boolean);
  return (
    <Tooltip label={row.problem} disabled={row.problem === ""}>
      <Stack gap={2} align="flex-start">
        <StateBadge state={stateOf(row)} word={row.enabled ? word : words.statuses.disabled} />
        {facts.length > 0 ? (
          <Text size="xs" c="dimmed" className="figures">
            {facts.join(" · ")}
          </Text>
        ) : null}
      </Stack>
    </Tooltip>
  );
}

function Models({ row }: { row: Provider }) {
  const { free_models: free, paid_models: paid, unpriced_models: unpriced } = row.condition;
  return <span className="figures">{modelCounts(free, paid, unpriced) || words.noModels}</span>;
}

// "3 free, 12 paid": without what there is none of.
export function modelCounts(free: number, paid: number, unpriced: number): string {
  const parts = [
    free > 0 ? words.free(free) : "",
    paid > 0 ? words.paid(paid) : "",
    unpriced > 0 ? words.unpriced(unpriced) : "",
  ];
  return parts.filter(Boolean).join(", ");
}

function Prices({ row }: { row: Provider }) {
  const { prices_updated_at: at, prices_problem: problem } = row.condition;
  if (problem === "") return <Time at={at} />;
  return (
    <Tooltip label={words.pricesProblem(problem)}>
      <Group gap={4} wrap="nowrap">
        <StateBadge state="soon" word={at ? fromNow(at) : "–"} />
      </Group>
    </Tooltip>
  );
}

function Credentials({ row }: { row: Provider }) {
  const { credentials } = row.condition;
  if (credentials.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {words.noKey}
      </Text>
    );
  const healthy = credentials.filter((one) => one.healthy).length;
  const text = words.healthy(healthy, credentials.length);
  if (healthy === credentials.length) return <span className="figures">{text}</span>;
  return <StateBadge state={healthy === 0 ? "stopped" : "soon"} word={text} />;
}

function quotaLeft(row: Provider) {
  return <span className="figures">{percent(row.condition.quota_left)}</span>;
}

export function From({ row }: { row: Provider }) {
  const badge = (
    <Badge variant="light" color="gray" tt="none" fw={500} radius="sm">
      {row.shadowed ? words.shadowed : words.origins[row.origin]}
    </Badge>
  );
  const hint = row.shadowed ? words.shadowedHint : row.declared_at;
  return hint ? <Tooltip label={hint}>{badge}</Tooltip> : badge;
}

// On and off at once, with a way back; what the server refuses is told and nothing changes.
export function EnabledSwitch({ row }: { row: Provider }) {
  const may = useMay("providers.write");
  const [wanted, want] = useState<boolean | null>(null);
  const turn = async (enabled: boolean) => {
    want(enabled);
    const back = () =>
      row.overridden || row.origin === "database" ? switchProvider(row.name, !enabled) : undoSwitch(row.name);
    try {
      await switchProvider(row.name, enabled);
      tellDone(enabled ? words.switchedOn(row.name) : words.switchedOff(row.name), back);
    } catch (error) {
      tellOf(error);
    } finally {
      want(null);
    }
  };
  return (
    <Switch
      size="sm"
      aria-label={words.switchOf(row.name)}
      checked={wanted ?? row.enabled}
      disabled={!may || row.shadowed}
      onClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => event.stopPropagation()}
      onChange={(event) => void turn(event.currentTarget.checked)}
    />
  );
}
