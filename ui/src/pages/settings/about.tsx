// What is running, and everything that is not as it comes, with who says so.
import { Anchor, Group, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { Copy } from "@/parts/copy";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { Facts } from "@/table/side-panel";
import { settings } from "@/texts/en/settings";
import { useSettings, valueText } from "./setting";
import { OriginBadge } from "./setting-row";

const words = settings.about_;

export function About() {
  const asked = useQuery({ queryKey: ["settings", "version"], queryFn: () => told(api.GET("/api/v1/version")) });
  const all = useSettings();
  if (asked.error) return <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.data === undefined) return <Skeleton h={200} />;
  const version = asked.data;
  const said = all.data?.filter((one) => one.origin !== "default") ?? [];
  return (
    <Stack gap={16}>
      <Panel title={settings.tabs.about}>
        <Facts
          facts={[
            [words.version, version.version],
            [
              words.address,
              <Group key="address" gap={4}>
                <span className="mono">{version.address}</span>
                <Copy text={version.address} what={words.address} />
              </Group>,
            ],
            [words.workers, version.workers],
            [words.catalog, version.catalog_version],
          ]}
        />
        <Group gap={16} mt={12}>
          <Anchor href="/docs" target="_blank" rel="noreferrer" size="sm">
            {words.docs}
          </Anchor>
          <Anchor href="/openapi.json" target="_blank" rel="noreferrer" size="sm">
            {words.openapi}
          </Anchor>
        </Group>
      </Panel>
      <Panel title={words.declared} hint={words.declaredHint}>
        <Facts
          facts={said.map((one) => [
            one.name,
            <Group key={one.name} gap={8}>
              <span className="figures">{valueText(one, one.value)}</span>
              <OriginBadge setting={one} />
            </Group>,
          ])}
        />
      </Panel>
    </Stack>
  );
}
