// One model: its price, what it can, how it did in the time, and the names that lead to it.
import { Alert, Anchor, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconGauge, IconPlayerPlay, IconRouteSquare } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMay } from "@/api/session";
import { count, duration, exact, percent, rate } from "@/format/figures";
import { Money, Time, Tokens } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { useRange } from "@/ranges";
import { IdCell } from "@/table/id-cell";
import { Facts, Section, SidePanel } from "@/table/side-panel";
import { models } from "@/texts/en/models";
import { type Counted, type Model, useModel } from "./model";
import { Status } from "./model-columns";
import { OwnPrice } from "./own-price";
import { Price } from "./price";

const words = models.panel;

export function ModelPanel({ name, onClose }: { name: string; onClose: () => void }) {
  const { seconds } = useRange();
  const { data, error, isPending, refetch } = useModel(name, seconds);
  const model = data?.model;
  return (
    <SidePanel
      title={<Foreign text={name} />}
      about={model ? <About model={model} /> : null}
      actions={model ? <Actions model={model} /> : null}
      onClose={onClose}
      isLoading={isPending}
      error={error}
      onRetry={() => void refetch()}
    >
      {model ? (
        <>
          <Trouble model={model} />
          <Prices model={model} />
          <Use model={model} counted={data.counted} />
          <Leads model={model} />
          <Properties model={model} />
        </>
      ) : null}
    </SidePanel>
  );
}

function About({ model }: { model: Model }) {
  const maySee = useMay("providers.read");
  return (
    <>
      <Status model={model} />
      <IdCell id={model.id} what={models.columns.name} />
      {maySee ? (
        <Anchor
          component={Link}
          size="sm"
          {...{ to: "/providers" as never, search: { open: model.provider } as never }}
        >
          {words.seeProvider}
        </Anchor>
      ) : null}
    </>
  );
}

function Actions({ model }: { model: Model }) {
  const mayAsk = useMay("keys.create");
  const mayBenchmark = useMay("benchmark.run");
  const links = [
    {
      show: mayAsk && model.offered,
      to: "/playground",
      search: { model: model.id },
      word: words.ask,
      icon: IconPlayerPlay,
    },
    { show: true, to: ".", search: { tab: "explain", model: model.id }, word: words.explain, icon: IconRouteSquare },
    {
      show: mayBenchmark,
      to: ".",
      search: { tab: "benchmark", models: model.id },
      word: words.benchmark,
      icon: IconGauge,
    },
  ];
  return links
    .filter((one) => one.show)
    .map(({ to, search, word, icon: Picture }) => (
      <Button
        key={word}
        component={Link}
        {...{ to: to as never, search: search as never }}
        variant="default"
        size="xs"
        leftSection={<Picture size={14} aria-hidden />}
      >
        {word}
      </Button>
    ));
}

function Trouble({ model }: { model: Model }) {
  const until = model.cooling_until;
  const said = model.problem || (until ? words.resting(model.cooling_reason) : "");
  if (said === "") return null;
  return (
    <Alert color={model.problem ? "red" : "yellow"} icon={<IconAlertTriangle size={18} />} title={words.problem}>
      <Foreign text={said} /> {until ? <Time at={until} /> : null}
    </Alert>
  );
}

function Prices({ model }: { model: Model }) {
  const facts = words.facts;
  const maySet = useMay("prices.read");
  return (
    <Section title={words.prices} actions={maySet ? <OwnPrice model={model} /> : null}>
      {model.priced ? (
        <Facts
          facts={[
            [facts.input, <Price key="input" usd={model.input_per_1m} />],
            [facts.cached, <Price key="cached" usd={model.cached_input_per_1m} />],
            [facts.output, <Price key="output" usd={model.output_per_1m} />],
            [facts.source, model.price_source ? <Foreign key="source" text={model.price_source} /> : undefined],
            [facts.dated, model.price_dated ? <Foreign key="dated" text={model.price_dated} /> : undefined],
            [facts.asked, model.priced_at ? <Time key="asked" at={model.priced_at} /> : undefined],
          ]}
        />
      ) : (
        <Text size="sm" c="dimmed">
          {models.noPrice}
        </Text>
      )}
    </Section>
  );
}

function Use({ model, counted }: { model: Model; counted: Counted }) {
  const facts = words.facts;
  const requests = (
    <Anchor
      component={Link}
      size="sm"
      {...{ to: "/requests" as never, search: { provider: model.provider, model: model.model } as never }}
    >
      {words.requests}
    </Anchor>
  );
  return (
    <Section title={words.use} actions={requests}>
      {model.requests === 0 ? (
        <Text size="sm" c="dimmed">
          {words.unused}
        </Text>
      ) : (
        <Facts
          facts={[
            [facts.requests, exact(model.requests)],
            [facts.failed, `${exact(model.failed)} (${percent(model.failure_rate)})`],
            [facts.inputTokens, <Tokens key="in" value={model.input_tokens} />],
            [facts.cachedTokens, <Tokens key="cached" value={model.cached_input_tokens} />],
            [facts.outputTokens, <Tokens key="out" value={model.output_tokens} />],
            [facts.cost, <Money key="cost" nano={model.cost_nano_usd} />],
            [facts.promptSpeed, rate(model.prompt_tokens_per_s)],
            [facts.speed, rate(model.generated_tokens_per_s)],
            [facts.firstToken, duration(model.first_token_ms)],
          ]}
        />
      )}
      <Group gap={4} mt={8}>
        <Text size="xs" c="dimmed" component="div">
          {models.counted} <Time at={counted.since} />
          {counted.whole ? null : ` · ${models.notWhole}`}
        </Text>
      </Group>
    </Section>
  );
}

function Leads({ model }: { model: Model }) {
  return (
    <Section title={words.aliases}>
      {model.aliases.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noAliases}
        </Text>
      ) : (
        <Group gap={12}>
          {model.aliases.map(({ name, scope }) => (
            <Anchor
              key={`${scope} ${name}`}
              component={Link}
              size="sm"
              {...{ to: "." as never, search: { tab: "aliases", open: name, of: scope } as never }}
            >
              <Foreign text={scope === "global" ? name : `${name} (${scope})`} />
            </Anchor>
          ))}
        </Group>
      )}
    </Section>
  );
}

function Properties({ model }: { model: Model }) {
  const facts = words.facts;
  const tokens = (value: number | null) => (value === null ? undefined : words.tokens(count(value)));
  return (
    <Section title={words.about}>
      <Facts
        facts={[
          [facts.context, tokens(model.context_tokens)],
          [facts.maxOutput, tokens(model.max_output_tokens)],
          [facts.operations, model.operations.join(", ") || undefined],
          [facts.checked, <Time key="checked" at={model.checked_at} />],
          [facts.response, model.response_ms === null ? undefined : duration(model.response_ms)],
        ]}
      />
    </Section>
  );
}
