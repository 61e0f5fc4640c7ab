// One's first keys, and how many there are.
import { Anchor, Group, Skeleton, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Money, Time } from "@/parts/figure";
import { Panel } from "@/parts/panel";
import { StateBadge } from "@/parts/state-badge";
import { me as words } from "@/texts/en/me";
import type { Me } from "./me";
import classes from "./me.module.css";

type Key = Me["keys"]["data"][number];

export function OwnKeys({ mine }: { mine: Me | undefined }) {
  const keys = mine?.keys;
  return (
    <Panel
      title={words.keys}
      hint={mine && !mine.may_make_keys ? mine.why_not : words.keysHint}
      actions={
        keys && keys.count > 0 ? (
          <Anchor component={Link} size="sm" {...{ to: "/access" as never }}>
            {words.allKeys(keys.count)}
          </Anchor>
        ) : null
      }
    >
      {keys === undefined ? <Skeleton h={72} /> : null}
      {keys?.count === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noKeys}
        </Text>
      ) : null}
      <ul className={classes.keys}>
        {keys?.data.map((key) => (
          <li key={key.id}>
            <OneKey of={key} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function OneKey({ of: key }: { of: Key }) {
  return (
    <Group justify="space-between" gap={12} py={8} wrap="nowrap">
      <Stack gap={0} miw={0}>
        <Anchor
          component={Link}
          size="sm"
          fw={600}
          truncate
          {...{ to: "/access" as never, search: { open: key.id } as never }}
        >
          {key.name}
        </Anchor>
        <Text size="xs" c="dimmed" component="div" className={classes.about}>
          <span className="mono">{key.hint}</span>
          {" · "}
          {words.lastUsed} <Time at={key.figures?.last_used_at} />
        </Text>
      </Stack>
      <Group gap={12} wrap="nowrap">
        {key.figures ? <Money nano={key.figures.month.cost_nano_usd} /> : null}
        <StateBadge state={key.enabled ? "ok" : "unknown"} word={key.enabled ? words.on : words.off} />
      </Group>
    </Group>
  );
}
