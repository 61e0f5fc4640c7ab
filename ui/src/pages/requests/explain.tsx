// What would become of such a request now, asked of the gateway itself: places with what they would cost, and limits.
import { Anchor, Button, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { count, money } from "@/format/figures";
import { Foreign } from "@/parts/foreign";
import { ProblemNote } from "@/parts/problem";
import { story as words } from "@/texts/en/story";
import classes from "./requests.module.css";
import { LeftOut } from "./route-taken";
import type { Row } from "./row";

type Explanation = components["schemas"]["Explanation"];
type Place = Explanation["places"][number];
type Limit = Explanation["limits"][number];
type Operation = NonNullable<components["schemas"]["WantedExplanation"]["operation"]>;

const NANO = 1e9;

export function Explain({ row, onClose }: { row: Row; onClose: () => void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["ledger", "explain", row.id],
    queryFn: () => told(api.POST("/api/v1/route/explain", { body: questionOf(row) })),
    staleTime: 0,
  });
  return (
    <Paper withBorder radius="md" p={16} component="section" aria-label={words.explainTitle}>
      <Group justify="space-between" mb={4}>
        <Text fw={600} size="sm">
          {words.explainTitle}
        </Text>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={onClose}>
          {words.close}
        </Button>
      </Group>
      <Text size="xs" c="dimmed" mb={8}>
        {words.explainAbout}{" "}
        <Anchor
          component={Link}
          inherit
          {...{ to: "/models" as never, search: { tab: "explain", ...addressOf(row) } as never }}
        >
          {words.explainOther}
        </Anchor>
      </Text>
      {error ? <ProblemNote error={error} onRetry={() => void refetch()} /> : null}
      {data ? <Told explanation={data} /> : error ? null : <Skeleton h={80} />}
    </Paper>
  );
}

// Its words are not there any more, so how long they were stands for them.
function questionOf(row: Row): components["schemas"]["WantedExplanation"] {
  return {
    request: { model: row.requested_model, ...(row.stream ? { stream: true } : {}) },
    operation: row.operation as Operation,
    key: row.key_id,
    client_ip: row.client_ip,
    input_tokens: row.usage.input_tokens || null,
    output_tokens: row.usage.output_tokens || null,
  };
}

function addressOf(row: Row): Record<string, string> {
  return {
    model: row.requested_model,
    key: row.key_name,
    operation: row.operation,
    ...(row.usage.input_tokens ? { input: String(row.usage.input_tokens) } : {}),
    ...(row.usage.output_tokens ? { output: String(row.usage.output_tokens) } : {}),
    ...(row.stream ? {} : { stream: "no" }),
  };
}

function Told({ explanation }: { explanation: Explanation }) {
  return (
    <Stack gap={8}>
      <div>
        {explanation.places.map((place, index) => (
          <PlaceRow key={place.target} place={place} number={index + 1} />
        ))}
      </div>
      <LeftOut leftOut={explanation.left_out.map(({ target, why }) => [target, why] as const)} />
      <div>
        <Text size="xs" c="dimmed">
          {explanation.limits.length > 0 ? words.explainLimits : words.explainNone}
        </Text>
        {explanation.limits.map((limit) => (
          <Text key={`${limit.scope} ${limit.metric} ${limit.window}`} size="xs" className="figures" component="div">
            <Foreign text={`${limit.scope} · ${limit.metric} / ${limit.window}: ${standingOf(limit)}`} />
          </Text>
        ))}
      </div>
    </Stack>
  );
}

function PlaceRow({ place, number }: { place: Place; number: number }) {
  const { state, reason, for_s: forS } = place.health;
  const resting = state === "open" ? "" : words.resting(reason || state, forS == null ? "" : `${Math.ceil(forS)} s`);
  return (
    <div className={classes.place}>
      <Text size="xs" c="dimmed" component="span" className="figures">
        {number}
      </Text>
      <Foreign text={place.target} />
      <Text size="xs" component="span" className="figures">
        {costOf(place)}
      </Text>
      {[resting, place.refused].filter(Boolean).map((note) => (
        <span key={note} className={classes.placeNote}>
          <Foreign text={note ?? ""} />
        </span>
      ))}
    </div>
  );
}

function standingOf({ metric, used, held, left }: Limit): string {
  const told = (amount: number | string) =>
    metric === "cost_usd" ? money(Number(amount) * NANO) : count(Number(amount));
  return words.held(told(used), told(held), told(left));
}

function costOf(place: Place): string {
  const cost = place.estimate?.cost_usd;
  if (!cost) return place.refused ? "" : words.unpricedNow;
  const low = money(Number(cost.low) * NANO);
  return cost.high && cost.high !== cost.low
    ? words.explainEstimate(low, money(Number(cost.high) * NANO))
    : words.explainLikely(low);
}
