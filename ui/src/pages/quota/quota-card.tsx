// One provider's quota: rings of what is used (two where requests and tokens are counted in one window), each metric in
// words, and when it begins anew.
import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { components } from "@/api/schema";
import { Countdown } from "@/charts/countdown";
import { Ring } from "@/charts/ring";
import { count } from "@/format/figures";
import { fromNow } from "@/format/times";
import { StateBadge } from "@/parts/state-badge";
import { quota } from "@/texts/en/quota";

const words = quota.providers;

type Snapshot = components["schemas"]["ShownQuota"];
type Metric = Snapshot["metrics"][number];

const RING_PX = 104;

export function QuotaCard({ snapshot }: { snapshot: Snapshot }) {
  const rings = ringsOf(snapshot.metrics);
  const about = [
    snapshot.display_name === snapshot.provider ? "" : snapshot.display_name,
    snapshot.plan_type ? words.plan(snapshot.plan_type) : "",
    words.reader(snapshot.reader),
    snapshot.checked_at ? words.checked(fromNow(snapshot.checked_at)) : "",
  ].filter(Boolean);
  return (
    <Paper component="section" withBorder radius="md" p={16} aria-label={snapshot.provider}>
      <Stack gap={12}>
        <Group justify="space-between" gap={8} wrap="nowrap" align="flex-start">
          <div>
            <Title order={2} size="h3">
              {snapshot.provider}
            </Title>
            <Text size="xs" c="dimmed">
              {about.join(" · ")}
            </Text>
          </div>
          {snapshot.needs_attention ? <StateBadge state="stopped" word={words.attention} /> : null}
        </Group>
        <Problem snapshot={snapshot} />
        <Group gap={16} align="flex-start" wrap="nowrap">
          {rings.length > 0 ? (
            <Stack gap={12}>
              {rings.map((ring) => (
                <Ring key={ring.name} name={`${snapshot.provider} ${ring.name}`} shares={ring.shares} size={RING_PX} />
              ))}
            </Stack>
          ) : null}
          <Stack gap={8} flex={1} miw={0}>
            {snapshot.metrics.map((metric) => (
              <MetricLine key={metric.key} metric={metric} />
            ))}
          </Stack>
        </Group>
      </Stack>
    </Paper>
  );
}

function Problem({ snapshot }: { snapshot: Snapshot }) {
  if (snapshot.status === "error") {
    return (
      <div role="alert">
        <StateBadge state="stopped" word={words.unavailable} />
        <Text size="sm" mt={4} style={{ overflowWrap: "anywhere" }}>
          {snapshot.error}
        </Text>
      </div>
    );
  }
  const said =
    snapshot.status === "loading"
      ? words.loading
      : snapshot.status === "disabled"
        ? words.disabled
        : snapshot.metrics.length === 0
          ? words.unknown
          : "";
  return said === "" ? null : (
    <Text size="sm" c="dimmed">
      {said}
    </Text>
  );
}

function MetricLine({ metric }: { metric: Metric }) {
  return (
    <div>
      <Text size="sm" fw={500}>
        {[metric.metered_feature || metric.key, words.window(metric.window)].filter(Boolean).join(" ")}
      </Text>
      <Text size="xs" className="figures">
        {leftText(metric)}
      </Text>
      {metric.reset_at ? (
        <Text size="xs" c="dimmed" component="div">
          <Countdown at={metric.reset_at} />
        </Text>
      ) : null}
    </div>
  );
}

function leftText({ remaining_value: left, limit_value: limit, used_value: used, unit }: Metric): string {
  if (left !== null && limit !== null) return words.left(count(left), count(limit), unit);
  if (left !== null) return words.leftOnly(count(left), unit);
  return used === null ? words.noShare : words.usedOnly(count(used), unit);
}

interface RingOfWindow {
  name: string;
  shares: { name: string; used: number }[];
}

// A ring for each window; requests and tokens of one window are one in the other.
function ringsOf(metrics: readonly Metric[]): RingOfWindow[] {
  const rings = new Map<string, RingOfWindow>();
  for (const metric of metrics) {
    if (metric.left_percent === null) continue;
    const ring = rings.get(metric.window) ?? { name: metric.window || metric.key, shares: [] };
    if (ring.shares.length < 2)
      ring.shares.push({ name: metric.metered_feature || metric.key, used: 1 - metric.left_percent / 100 });
    rings.set(metric.window, ring);
  }
  return [...rings.values()];
}
