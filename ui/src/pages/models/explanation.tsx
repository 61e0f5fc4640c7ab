// What would become of a request, as a picture in words: the decision, the places in order, why not the others, and the
// limits that it would be held from.
import { Alert, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { components } from "@/api/schema";
import { LimitBar } from "@/charts/limit-bar";
import { count, duration, money, percent } from "@/format/figures";
import { limitName, type Metric } from "@/format/limits";
import { Foreign } from "@/parts/foreign";
import { Panel } from "@/parts/panel";
import { StateBadge } from "@/parts/state-badge";
import { routes as words } from "@/texts/en/routes";
import { story } from "@/texts/en/story";
import { LeftOut } from "../requests/route-taken";
import { selectionWords } from "./alias";
import classes from "./models.module.css";

type Explained = components["schemas"]["Explanation"];
type Place = Explained["places"][number];
type Limit = Explained["limits"][number];

const NANO = 1e9;

export function Explanation({ told }: { told: Explained }) {
  return (
    <Stack gap={16}>
      <Decision told={told} />
      <Panel title={words.order}>
        <ol className={classes.places}>
          {told.places.map((place, index) => (
            <PlaceCard key={place.target} place={place} isFirst={index === 0} />
          ))}
        </ol>
      </Panel>
      {told.left_out.length > 0 ? (
        <Panel title={words.leftOut}>
          <LeftOut leftOut={told.left_out.map(({ target, why }) => [target, why] as const)} />
        </Panel>
      ) : null}
      <Panel title={words.limits} hint={told.limits.length > 0 ? words.limitsHint : words.noLimits}>
        <Stack gap={16}>
          {told.limits.map((limit) => (
            <LimitLine key={`${limit.scope} ${limit.metric} ${limit.window}`} limit={limit} first={told.places[0]} />
          ))}
        </Stack>
      </Panel>
    </Stack>
  );
}

function Decision({ told }: { told: Explained }) {
  const { decision, places, unheard } = told;
  const sentences = [
    story.by[decision.by] ?? decision.by,
    decision.profile ? words.profile(decision.profile) : "",
    decision.selection ? words.chosen(selectionWords(decision.selection)) : "",
    decision.sticky ? words.sticky : "",
    places.length === 1 ? words.onePlace : words.places(places.length),
  ];
  return (
    <Panel title={words.decision}>
      <Text size="sm" fw={500} component="div">
        <Foreign text={words.summary(told.model, told.key)} />
      </Text>
      <Text size="sm" component="div">
        <Foreign text={sentences.filter(Boolean).join(" ")} />
      </Text>
      {unheard.length > 0 ? (
        <Alert color="yellow" icon={<IconAlertTriangle size={18} />} mt={8}>
          <Foreign text={words.unheard(unheard.join(", "))} />
        </Alert>
      ) : null}
    </Panel>
  );
}

function PlaceCard({ place, isFirst }: { place: Place; isFirst: boolean }) {
  const { health } = place;
  const resting = words.resting(
    health.reason || health.state,
    health.for_s == null ? "" : duration(health.for_s * 1000),
  );
  const isReady = health.state === "open";
  return (
    <>
      {isFirst ? null : <li className={classes.then}>{words.next}</li>}
      <li className={classes.card} data-first={isFirst || undefined}>
        <Group justify="space-between" gap={8}>
          <Text size="sm" fw={600} component="div">
            <Foreign text={place.target} />
          </Text>
          <Group gap={8}>
            {isFirst ? (
              <Text size="xs" c="dimmed">
                {words.first}
              </Text>
            ) : null}
            <StateBadge state={isReady ? "ok" : "soon"} word={isReady ? words.ready : resting} />
          </Group>
        </Group>
        <Text size="sm" className="figures" component="div">
          <Foreign text={estimateWords(place)} />
        </Text>
        {notesOf(place).map((note) => (
          <Text key={note} size="xs" c="dimmed" component="div">
            <Foreign text={note} />
          </Text>
        ))}
      </li>
    </>
  );
}

function estimateWords({ estimate }: Place): string {
  if (estimate === null) return "";
  const tokens = words.tokens(count(estimate.input_tokens.likely), count(estimate.output_tokens.likely));
  const cost = estimate.cost_usd;
  if (!cost) return `${tokens} · ${words.unpriced}`;
  const low = dollars(cost.low);
  return `${tokens} · ${cost.high ? words.cost(low, dollars(cost.high)) : words.costOpen(low)}`;
}

function notesOf(place: Place): string[] {
  const { dropped, emulated, refused, translated, estimate, health } = place;
  const price = estimate?.price;
  return [
    refused ? words.cannot(refused) : "",
    translated ? words.translated : "",
    dropped && dropped.length > 0 ? words.dropped(dropped.join(", ")) : "",
    emulated && emulated.length > 0 ? words.emulated(emulated.join(", ")) : "",
    price ? words.price(price) : "",
    health.quota_left == null ? "" : words.quotaLeft(percent(health.quota_left)),
  ].filter((note) => note !== "");
}

function LimitLine({ limit, first }: { limit: Limit; first: Place | undefined }) {
  const { metric, scope, window } = limit;
  const takes = takenBy(metric, first);
  const format = (value: number) => (metric === "cost_usd" ? money(value * NANO) : count(value));
  const resets = limit.resets_in_s;
  const isTooMuch = takes !== null && takes > Number(limit.left);
  return (
    <div>
      <Group justify="space-between" gap={8} mb={4}>
        <Text size="sm" component="div">
          <Foreign text={words.scopeOf(scope, limitName(metric, window))} />
        </Text>
        {takes === null ? null : (
          <Text size="xs" c={isTooMuch ? "var(--stopped)" : "dimmed"} className="figures">
            {isTooMuch ? words.tooMuch(format(takes)) : words.takes(format(takes))}
          </Text>
        )}
      </Group>
      <LimitBar
        name={`${scope} ${limitName(metric, window)}`}
        used={Number(limit.used)}
        reserved={Number(limit.held)}
        amount={Number(limit.amount)}
        format={format}
        {...(resets ? { resetsAt: new Date(Date.now() + resets * 1000).toISOString() } : {})}
      />
    </div>
  );
}

// What a place would likely take of a limit; null where nobody can say.
function takenBy(metric: Metric, place: Place | undefined): number | null {
  const estimate = place?.estimate;
  if (metric === "requests" || metric === "concurrency") return 1;
  if (!estimate) return null;
  const [input, output] = [estimate.input_tokens.likely, estimate.output_tokens.likely];
  if (metric === "cost_usd") return estimate.cost_usd ? Number(estimate.cost_usd.low) : null;
  return { tokens: input + output, input_tokens: input, output_tokens: output }[metric];
}

function dollars(usd: string): string {
  return money(Number(usd) * NANO);
}
