// The network: where the gateway listens, who reaches it there, what is risky about it, and how one came in oneself.
import { Alert, Grid, Stack } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { useMay } from "@/api/session";
import { PageHead } from "@/parts/page-head";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { network as words } from "@/texts/en/network";
import { Addresses } from "./addresses";
import { Encryption } from "./encryption";
import { Listeners } from "./listeners";
import { Move } from "./move";
import { Proxies } from "./proxies";

export function Page() {
  const found = useQuery({ queryKey: ["network"], queryFn: () => told(api.GET("/api/v1/network")) });
  const may = useMay("settings.write");
  const seen = found.data;
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      {found.error ? <ProblemNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      <Stack gap={16}>
        {seen?.warnings.map((warning) => (
          <Alert
            key={warning.code}
            color="yellow"
            icon={<IconAlertTriangle size={18} />}
            title={words.warned[warning.code]}
          >
            {warning.message}
          </Alert>
        ))}
        <Listeners network={seen} />
        <Grid gap={16}>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Stack gap={16}>
              {may ? (
                <Panel title={words.move} hint={words.moveHint}>
                  <Move network={seen} />
                </Panel>
              ) : null}
              <Panel title={words.encryption} hint={words.encryptionHint}>
                <Encryption network={seen} />
              </Panel>
              <Panel title={words.addresses} hint={words.addressesHint}>
                <Addresses network={seen} />
              </Panel>
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 6 }}>
            <Panel title={words.proxies} hint={words.proxiesHint}>
              <Proxies network={seen} />
            </Panel>
          </Grid.Col>
        </Grid>
      </Stack>
    </>
  );
}
