// How clients reach the gateway encrypted where it does not serve HTTPS itself: a proxy in front, or its own.
import { Code, Skeleton, Stack, Text } from "@mantine/core";
import { Copy } from "@/parts/copy";
import { StateBadge } from "@/parts/state-badge";
import { certificate } from "@/texts/en/certificate";
import { network as words } from "@/texts/en/network";
import type { Props } from "./network";
import classes from "./network.module.css";

const OWN = '[tls]\nenabled = true\nmode = "self_signed"\nlisten_addr = "0.0.0.0:8443"';

export function Encryption({ network }: Props) {
  if (network === undefined) return <Skeleton h={420} />;
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
      <Example text={example} what={words.encryption} />
      <Text size="sm" c="dimmed">
        {words.byProxyThen}
      </Text>
      <Text size="sm">{certificate.byItself}</Text>
      <Example text={OWN} what="[tls]" />
      <Text size="sm" c="dimmed">
        {certificate.otherModes}
      </Text>
    </Stack>
  );
}

function Example({ text, what }: { text: string; what: string }) {
  return (
    <div className={classes.block}>
      <Code block>{text}</Code>
      <Copy text={text} what={what} />
    </div>
  );
}
