// The limits that hold one, the nearest to its end first. Of what all share only whether it stops one is told.
import { Group, Skeleton, Stack, Text } from "@mantine/core";
import { LimitBar } from "@/charts/limit-bar";
import { limitName } from "@/format/limits";
import { scopeWords, writerOf } from "@/pages/quota/limit";
import { StandingBadge } from "@/pages/quota/limit-cells";
import { me as words } from "@/texts/en/me";
import type { Me } from "./me";

type Holding = Me["limits"][number];

export function OwnLimits({ limits }: { limits: Holding[] | undefined }) {
  if (limits === undefined) return <Skeleton h={96} />;
  if (limits.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {words.noLimits}
      </Text>
    );
  }
  return (
    <Stack gap={20}>
      {limits.map((limit) => (
        <OneLimit key={`${limit.scope}-${limit.metric}-${limit.window}`} limit={limit} />
      ))}
    </Stack>
  );
}

function OneLimit({ limit }: { limit: Holding }) {
  const name = limitName(limit.metric, limit.window);
  return (
    <div>
      <Group justify="space-between" gap={8} mb={6}>
        <Text size="sm" fw={600}>
          {name}
          <Text span inherit fw={400} c="dimmed">
            {` · ${scopeWords(limit.scope)}`}
          </Text>
        </Text>
        <StandingBadge state={limit.state} />
      </Group>
      {limit.allowed === null ? (
        <Text size="xs" c="dimmed">
          {words.shared}
        </Text>
      ) : (
        <LimitBar
          name={`${name}, ${scopeWords(limit.scope)}`}
          used={Number(limit.used ?? 0)}
          reserved={Number(limit.held ?? 0)}
          amount={Number(limit.allowed)}
          format={writerOf(limit.metric)}
          resetsAt={limit.resets_at}
        />
      )}
    </div>
  );
}
