// How clients reach the gateway encrypted: what of it there is, and what to write where there is nothing.
import { Code, Skeleton, Stack, Text } from "@mantine/core";
import { Copy } from "@/parts/copy";
import { Time } from "@/parts/figure";
import { StateBadge } from "@/parts/state-badge";
import { Facts } from "@/table/side-panel";
import { network as words } from "@/texts/en/network";
import type { Https, Props } from "./network";
import classes from "./network.module.css";

export function Encryption({ network }: Props) {
  if (network === undefined) return <Skeleton h={120} />;
  const port = network.listeners.find((one) => one.serves === "clients")?.port ?? 8080;
  return (
    <Stack gap={12}>
      <div>
        {network.visit.https ? (
          <StateBadge state="ok" word={words.visitEncrypted} />
        ) : (
          <StateBadge state="soon" word={words.visitPlain} />
        )}
      </div>
      {network.https === null ? <ByProxy port={port} /> : <Certificate https={network.https} />}
    </Stack>
  );
}

function Certificate({ https }: { https: Https }) {
  return (
    <>
      {https.mode === https.wanted_mode ? null : <Text size="sm">{words.certificateWaits}</Text>}
      <Facts
        facts={[
          [words.certificateFrom, words.modes[https.mode]],
          [words.names, https.names.join(", ")],
          [words.until, <Time key="until" at={https.not_after} />],
          [words.issuer, https.self_signed ? undefined : https.issuer],
          [
            words.fingerprint,
            <span key="fingerprint" className={`mono ${classes.fingerprint}`}>
              {https.fingerprint}
            </span>,
          ],
          [words.refused, https.problem || undefined],
        ]}
      />
    </>
  );
}

function ByProxy({ port }: { port: number }) {
  const example = `gateway.example.org {\n    reverse_proxy 127.0.0.1:${port}\n}`;
  return (
    <>
      <Text size="sm">{words.byProxy}</Text>
      <div className={classes.block}>
        <Code block>{example}</Code>
        <Copy text={example} what={words.encryption} />
      </div>
      <Text size="sm" c="dimmed">
        {words.byProxyThen}
      </Text>
    </>
  );
}
