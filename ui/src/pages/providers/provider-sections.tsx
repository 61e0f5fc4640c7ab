// The sections of a provider's panel: models by price, keys, what is left alone, and how it is asked.
import { Anchor, Group, List, Stack, Text, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { duration } from "@/format/figures";
import { fromNow } from "@/format/times";
import { Time } from "@/parts/figure";
import { StateBadge } from "@/parts/state-badge";
import { Facts, Section } from "@/table/side-panel";
import { providers as words } from "@/texts/en/providers";
import type { Provider } from "./provider";
import { modelCounts } from "./provider-cells";

const SHOWN_MODELS = 30;

export function Models({ row }: { row: Provider }) {
  const [typed, setTyped] = useState("");
  const { condition } = row;
  const found = row.models.filter((model) => model.toLowerCase().includes(typed.toLowerCase()));
  const link = (
    <Anchor component={Link} size="sm" {...{ to: "/models" as never, search: { provider: row.name } as never }}>
      {words.openModels}
    </Anchor>
  );
  return (
    <Section title={words.sections.models} actions={link}>
      <Facts
        facts={[
          [
            words.facts.byPrice,
            modelCounts(condition.free_models, condition.paid_models, condition.unpriced_models) || words.noModels,
          ],
          [words.facts.listed, condition.listed_at ? <Time key="listed" at={condition.listed_at} /> : undefined],
          [words.columns.prices, <Time key="prices" at={condition.prices_updated_at} />],
        ]}
      />
      {condition.prices_problem ? (
        <Text size="sm" c="var(--soon)" mt={4}>
          {words.pricesProblem(condition.prices_problem)}
        </Text>
      ) : null}
      {row.models.length > SHOWN_MODELS ? (
        <TextInput
          mt={8}
          size="xs"
          type="search"
          aria-label={words.findModel}
          placeholder={words.findModel}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      ) : null}
      <List size="sm" listStyleType="none" mt={8}>
        {found.slice(0, SHOWN_MODELS).map((model) => (
          <List.Item key={model}>
            <Text span size="sm" className="mono" style={{ overflowWrap: "anywhere" }}>
              {model}
            </Text>
          </List.Item>
        ))}
      </List>
      {found.length > SHOWN_MODELS ? (
        <Text size="xs" c="dimmed" mt={4}>
          {words.moreModels(found.length - SHOWN_MODELS)}
        </Text>
      ) : null}
    </Section>
  );
}

export function Credentials({ row }: { row: Provider }) {
  const { credentials } = row.condition;
  return (
    <Section title={words.sections.credentials}>
      {credentials.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noCredentials}
        </Text>
      ) : (
        <Stack gap={8}>
          {credentials.map((one) => (
            <Group key={one.name} gap={12} wrap="nowrap">
              <Text size="sm" fw={500}>
                {one.name}
              </Text>
              {one.hint ? (
                <Text size="sm" className="mono" c="dimmed">
                  {one.hint}
                </Text>
              ) : (
                <Text size="xs" c="dimmed">
                  {words.keyFromFile}
                </Text>
              )}
              <StateBadge
                state={one.healthy ? "ok" : "stopped"}
                word={one.healthy ? words.keyHealthy : (one.cooling[0]?.reason ?? words.keyRefused)}
              />
            </Group>
          ))}
        </Stack>
      )}
    </Section>
  );
}

export function Cooling({ row }: { row: Provider }) {
  const { cooling } = row.condition;
  if (cooling.length === 0) return null;
  return (
    <Section title={words.sections.cooling}>
      <List size="sm" listStyleType="none" spacing={4}>
        {cooling.map((one) => (
          <List.Item key={one.model}>
            <Text span className="mono">
              {one.model}
            </Text>
            <Text span size="sm" c="dimmed">
              {` · ${one.reason}`}
              {one.until ? ` · ${words.coolingUntil(fromNow(one.until))}` : ""}
            </Text>
          </List.Item>
        ))}
      </List>
    </Section>
  );
}

export function Conduct({ row }: { row: Provider }) {
  const { timeouts } = row;
  const seconds = (value: number) => (value === 0 ? words.noBound : duration(value * 1000));
  const mapping = Object.entries(row.model_mapping).map(([from, to]) => `${from} → ${to}`);
  const headers = Object.entries(row.secrets).filter(([field]) => field.startsWith("headers."));
  return (
    <Section title={words.sections.settings}>
      <Facts
        facts={[
          [words.facts.operations, row.operations.join(", ") || words.kindsOwn],
          [words.facts.allowed, row.allowed_models.join(", ") || words.allModels],
          [words.facts.mapping, mapping.join(", ") || undefined],
          [
            words.facts.timeouts,
            words.timeoutsText(
              seconds(timeouts.connect_s),
              seconds(timeouts.first_byte_s),
              seconds(timeouts.between_bytes_s),
              seconds(timeouts.total_s),
            ),
          ],
          [words.facts.hangUp, words.disconnects[row.on_disconnect]],
          [words.facts.passthrough, row.passthrough_paths.join(", ") || undefined],
          [words.facts.probe, row.quota_probe ? row.quota_probe_model || words.probeUsual : undefined],
          [
            words.facts.headers,
            headers.length > 0
              ? headers.map(([field, hint]) => `${field.slice("headers.".length)}: ${hint}`).join(", ")
              : undefined,
          ],
        ]}
      />
    </Section>
  );
}
