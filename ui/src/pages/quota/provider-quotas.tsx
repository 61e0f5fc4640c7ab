// What providers have left for us: a card for each with rings, countdown, and what is wrong where they do not tell.
import { Alert, Button, Group, SimpleGrid, Skeleton, Stack, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconGauge, IconRefresh, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/api/client";
import { queries } from "@/api/queries";
import { tellDone } from "@/parts/done";
import { Empty } from "@/parts/empty";
import { Panel } from "@/parts/panel";
import { ProblemNote, tellOf } from "@/parts/problem";
import { quota } from "@/texts/en/quota";
import { useView } from "@/view";
import { QuotaCard } from "./quota-card";

const words = quota.providers;
const KEY = ["quota", "providers"];

export function ProviderQuotas() {
  const [view, change] = useView({ q: "" });
  const asked = useQuery({ queryKey: KEY, queryFn: () => told(api.GET("/api/v1/providers/quota")) });
  const word = view.q.trim().toLowerCase();
  const all = asked.data?.data ?? [];
  const shown = all.filter((one) => `${one.provider} ${one.display_name} ${one.kind}`.toLowerCase().includes(word));
  const alarming = all.filter((one) => one.needs_attention).map((one) => one.provider);
  return (
    <Stack gap={16}>
      <Group gap={12}>
        <TextInput
          type="search"
          w={{ base: "100%", xs: 280 }}
          aria-label={words.search}
          placeholder={words.search}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={view.q}
          onChange={(event) => change({ q: event.currentTarget.value }, true)}
        />
        <Refresh />
      </Group>
      {asked.error ? <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} /> : null}
      {alarming.length > 0 ? (
        <Alert color="red" icon={<IconAlertTriangle size={18} />} title={words.alerts(alarming.join(", "))} />
      ) : null}
      {asked.data === undefined && !asked.error ? <Skeleton h={240} /> : null}
      {asked.data !== undefined && shown.length === 0 ? (
        <Panel>
          <Empty icon={IconGauge} title={all.length === 0 ? words.empty : words.nothingFound} />
        </Panel>
      ) : null}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing={16}>
        {shown.map((one) => (
          <QuotaCard key={one.provider} snapshot={one} />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function Refresh() {
  const [busy, setBusy] = useState(false);
  const refresh = async () => {
    setBusy(true);
    try {
      queries.setQueryData(KEY, await told(api.POST("/api/v1/providers/quota/refresh")));
      tellDone(words.refreshed);
    } catch (error) {
      tellOf(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      variant="default"
      loading={busy}
      leftSection={<IconRefresh size={16} aria-hidden />}
      onClick={() => void refresh()}
    >
      {words.refresh}
    </Button>
  );
}
