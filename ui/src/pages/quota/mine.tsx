// What holds oneself, the nearest to its end first. Of the whole installation one sees whether it stops one, no more.
import { Group, Paper, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { IconGauge } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { Countdown } from "@/charts/countdown";
import { LimitBar } from "@/charts/limit-bar";
import { limitName, limitWords } from "@/format/limits";
import { fromNow } from "@/format/times";
import { Empty } from "@/parts/empty";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { quota } from "@/texts/en/quota";
import { resetOf, scopeWords, writerOf } from "./limit";
import { StandingBadge } from "./limit-cells";

const words = quota.mine;

type Holding = components["schemas"]["HoldingLimit"];

export function Mine() {
  const asked = useQuery({ queryKey: ["limits", "me"], queryFn: () => told(api.GET("/api/v1/me")) });
  if (asked.error) return <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.data === undefined) return <Skeleton h={200} />;
  const { limits } = asked.data;
  if (limits.length === 0) {
    return (
      <Panel>
        <Empty icon={IconGauge} title={words.nothing} hint={words.nothingHint} />
      </Panel>
    );
  }
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing={16}>
      {limits.map((one) => (
        <Card key={`${one.scope} ${one.metric} ${one.window} ${one.mode}`} limit={one} />
      ))}
    </SimpleGrid>
  );
}

function Card({ limit }: { limit: Holding }) {
  const { allowed, used, held, metric } = limit;
  const said =
    allowed === null
      ? limitName(metric, limit.window)
      : limitWords({ metric, window: limit.window, mode: limit.mode, amount: allowed });
  return (
    <Paper component="section" withBorder radius="md" p={16} aria-label={`${scopeWords(limit.scope)}: ${said}`}>
      <Stack gap={12}>
        <Group justify="space-between" align="flex-start" wrap="nowrap" gap={8}>
          <div>
            <Text size="sm" fw={600}>
              {said}
            </Text>
            <Text size="xs" c="dimmed">
              {scopeWords(limit.scope)}
              {limit.boost_until ? `, ${words.boost(fromNow(limit.boost_until))}` : ""}
            </Text>
          </div>
          <StandingBadge state={limit.state} />
        </Group>
        {allowed === null ? (
          <Text size="xs" c="dimmed">
            {words.hidden} {limit.resets_at ? <Countdown at={limit.resets_at} /> : null}
          </Text>
        ) : (
          <LimitBar
            name={said}
            used={Number(used)}
            reserved={Number(held)}
            amount={Number(allowed)}
            format={writerOf(metric)}
            resetsAt={resetOf(limit.window, limit.resets_at)}
          />
        )}
      </Stack>
    </Paper>
  );
}
