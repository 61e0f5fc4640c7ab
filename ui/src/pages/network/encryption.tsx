// How clients reach the gateway encrypted: what of it there is, and what to write where there is nothing.
import { Code, Skeleton, Stack, Text } from "@mantine/core";
import { Copy } from "@/parts/copy";
import { StateBadge } from "@/parts/state-badge";
import { network as words } from "@/texts/en/network";
import type { Props } from "./network";
import classes from "./network.module.css";

export function Encryption({ network }: Props) {
  if (network === undefined) return <Skeleton h={120} />;
  const port = network.listeners.find((one) => one.serves === "clients")?.port ?? 8080;
  const example = `gateway.example.org {\n    reverse_proxy 127.0.0.1:${port}\n}`;
  return (
    <Stack gap={12}>
      <div>
        {network.visit.https ? (
          <StateBadge state="ok" word={words.visitEncrypted} />
        ) : (
          <StateBadge state="soon" word={words.visitPlain} />
        )}
      </div>
      <Text size="sm">{words.byProxy}</Text>
      <div className={classes.block}>
        <Code block>{example}</Code>
        <Copy text={example} what={words.encryption} />
      </div>
      <Text size="sm" c="dimmed">
        {words.byProxyThen}
      </Text>
    </Stack>
  );
}
