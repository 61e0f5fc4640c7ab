// A limit as one bar: what is used, what is reserved for requests that run, what is left, and when it begins anew.
import { Group, Text } from "@mantine/core";
import { charts as words } from "@/texts/en/charts";
import classes from "./charts.module.css";
import { Countdown } from "./countdown";
import { fillOf } from "./fill";

interface Props {
  name: string;
  used: number;
  reserved: number;
  amount: number;
  // Writes an amount: money, tokens, requests.
  format: (value: number) => string;
  // ISO time; null does not reset, undefined says nothing of it.
  resetsAt?: string | null;
}

export function LimitBar({ name, used, reserved, amount, format, resetsAt }: Props) {
  const share = (value: number) => (amount > 0 ? Math.min(1, Math.max(0, value / amount)) : 1);
  const colour = `var(--${fillOf(share(used + reserved))})`;
  const left = Math.max(0, amount - used - reserved);
  const told = [words.used(format(used)), words.held(format(reserved)), words.rest(format(left))].join(", ");
  const [first, second] = [share(used), Math.min(share(reserved), 1 - share(used))];
  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: <meter> has one segment, this has three. */}
      <div
        className={classes.segments}
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={amount}
        aria-valuenow={Math.min(used + reserved, amount)}
        aria-valuetext={told}
      >
        <div style={{ width: `${first * 100}%`, background: colour }} />
        <div className={classes.held} style={{ width: `${second * 100}%`, backgroundColor: colour }} />
      </div>
      <Group justify="space-between" gap={8} mt={4}>
        <Text size="xs" className="figures">
          {words.usedOf(format(used), format(amount))}
          {reserved > 0 ? <Text span inherit c="dimmed">{` · ${words.held(format(reserved))}`}</Text> : null}
          <Text span inherit c={left > 0 ? "dimmed" : "var(--stopped)"}>{` · ${words.rest(format(left))}`}</Text>
        </Text>
        {resetsAt === undefined ? null : (
          <Text size="xs" c="dimmed" component="span">
            <Countdown at={resetsAt} />
          </Text>
        )}
      </Group>
    </div>
  );
}
