// How a client comes to trust a certificate that only the gateway vouches for.
import { Code, Stack, Text } from "@mantine/core";
import { Copy } from "@/parts/copy";
import { certificate as words } from "@/texts/en/certificate";
import classes from "./network.module.css";

export function Trust({ file }: { file: string }) {
  const lines = [
    [`export SSL_CERT_FILE=${quoted(file)}`, words.trustLine],
    [`export NODE_EXTRA_CA_CERTS=${quoted(file)}`, words.trustNode],
  ] as const;
  return (
    <Stack gap={8}>
      <Text size="sm" fw={600}>
        {words.trust}
      </Text>
      <Text size="sm">{words.trustHint}</Text>
      {lines.map(([line, what]) => (
        <div key={line} className={classes.block}>
          <Code block className={classes.wrapped}>
            {line}
          </Code>
          <Copy text={line} what={what} />
        </div>
      ))}
      <Text size="xs" c="dimmed">
        {words.renewedItself}
      </Text>
    </Stack>
  );
}

// As a shell reads it back.
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
