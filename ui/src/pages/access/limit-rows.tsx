// Limits to be made: what, at most how much, in which time.
import { ActionIcon, Button, Group, NativeSelect, NumberInput, Stack } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type Metric, windowWords } from "@/format/limits";
import { limits as words } from "@/texts/en/limits";

export interface WantedLimit {
  // Tells the rows apart while they are written.
  row: number;
  metric: Metric;
  amount: number | "";
  window: string;
}

const METRICS = Object.keys(words.metrics) as Metric[];
export const WINDOWS = ["60s", "hour", "day", "week", "month", "lifetime"];

export function newLimit(rows: readonly WantedLimit[] = []): WantedLimit {
  return { row: Math.max(0, ...rows.map((one) => one.row)) + 1, metric: "tokens", amount: "", window: "month" };
}

// As the server takes it: dollars are text, so that every digit counts.
export function limitBody({ metric, amount, window }: WantedLimit, scope: string) {
  return {
    scope,
    metric,
    amount: metric === "cost_usd" ? String(amount) : Number(amount),
    ...(metric === "concurrency" ? {} : { window }),
  };
}

interface Props {
  rows: WantedLimit[];
  onChange: (rows: WantedLimit[]) => void;
}

export function LimitRows({ rows, onChange }: Props) {
  const change = (row: number, changes: Partial<WantedLimit>) =>
    onChange(rows.map((one) => (one.row === row ? { ...one, ...changes } : one)));
  return (
    <Stack gap={8} align="stretch" mt={6}>
      {rows.map((one) => (
        <Group key={one.row} gap={8} align="flex-end" wrap="nowrap">
          <LimitFields limit={one} onChange={(changes) => change(one.row, changes)} />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={words.remove(words.metrics[one.metric])}
            onClick={() => onChange(rows.filter((other) => other.row !== one.row))}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...rows, newLimit(rows)])}
        style={{ alignSelf: "flex-start" }}
      >
        {words.add}
      </Button>
    </Stack>
  );
}

interface FieldsProps {
  limit: WantedLimit;
  onChange: (changes: Partial<WantedLimit>) => void;
}

export function LimitFields({ limit, onChange }: FieldsProps) {
  const { metric, amount, window } = limit;
  return (
    <>
      <NumberInput
        label={words.amount}
        value={amount}
        onChange={(value) => onChange({ amount: typeof value === "number" ? value : "" })}
        min={0}
        allowDecimal={metric === "cost_usd"}
        prefix={metric === "cost_usd" ? "$" : ""}
        thousandSeparator=","
        hideControls
        flex="1 1 96px"
        miw={88}
      />
      <NativeSelect
        label={words.metric}
        value={metric}
        onChange={(event) => onChange({ metric: event.currentTarget.value as Metric })}
        data={METRICS.map((value) => ({ value, label: words.metrics[value] }))}
        flex="1 1 120px"
        miw={96}
      />
      <NativeSelect
        label={words.window}
        value={window}
        disabled={metric === "concurrency"}
        onChange={(event) => onChange({ window: event.currentTarget.value })}
        data={WINDOWS.map((value) => ({ value, label: windowWords(value) }))}
        flex="1 1 104px"
        miw={96}
      />
    </>
  );
}
