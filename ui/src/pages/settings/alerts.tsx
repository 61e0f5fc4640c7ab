// Who is told when something needs looking at, of what, and when. Channels are the file's; soft limits' marks may be
// changed here.
import { SimpleGrid, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { Facts } from "@/table/side-panel";
import { settings } from "@/texts/en/settings";
import { useSettings } from "./setting";
import { SettingRow } from "./setting-row";

const words = settings.alerts;

type Channels = components["schemas"]["AlertChannels"];

export function Alerts() {
  const asked = useQuery({ queryKey: ["alerts", "channels"], queryFn: () => told(api.GET("/api/v1/alerts")) });
  const all = useSettings();
  if (asked.error) return <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.data === undefined) return <Skeleton h={320} />;
  return (
    <Stack gap={16}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={16}>
        <Webhooks channels={asked.data} />
        <Email channels={asked.data} />
      </SimpleGrid>
      <Panel title={words.thresholds} flush>
        {all.data
          ?.filter((one) => one.group === "alerts")
          .map((one) => (
            <SettingRow key={one.name} setting={one} />
          ))}
      </Panel>
      <Panel title={words.kinds} flush>
        <Table aria-label={words.kinds} horizontalSpacing={16}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.kind}</Table.Th>
              <Table.Th>{words.about}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {asked.data.kinds.map((one) => (
              <Table.Tr key={one.kind}>
                <Table.Td className="mono">{one.kind}</Table.Td>
                <Table.Td>{one.about}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
      <Text size="xs" c="dimmed">
        {settings.access.changedIn(asked.data.file)}
      </Text>
    </Stack>
  );
}

function Webhooks({ channels }: { channels: Channels }) {
  const delivered = Object.entries(channels.delivered).filter(([, count]) => count > 0);
  const outcomes = delivered.map(([outcome, count]) => words.outcome(outcome, count)).join(", ");
  return (
    <Panel title={words.webhooks}>
      {channels.webhooks.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noWebhooks}
        </Text>
      ) : (
        <Stack gap={4}>
          {channels.webhooks.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two may be at one host, and their order is the file's.
            <Text key={at} size="sm">
              <span className="mono">{one.host}</span>
              {` · ${words.signed}${one.allow_private ? ` · ${words.private}` : ""}`}
            </Text>
          ))}
          <Text size="xs" c="dimmed" mt={8}>
            {`${words.deliveries}: ${outcomes || words.noDeliveries}`}
          </Text>
        </Stack>
      )}
    </Panel>
  );
}

function Email({ channels }: { channels: Channels }) {
  const { email } = channels;
  return (
    <Panel title={words.email}>
      {email === null ? (
        <Text size="sm" c="dimmed">
          {words.noEmail}
        </Text>
      ) : (
        <Facts
          facts={[
            [
              words.server,
              `${email.host}:${email.port}, ${words.secure[email.security]}${email.with_password ? `, ${words.password}` : ""}`,
            ],
            [words.from, email.sender],
            [words.to, email.recipients.join(", ")],
            [words.of, email.kinds.join(", ") || words.everything],
          ]}
        />
      )}
    </Panel>
  );
}
