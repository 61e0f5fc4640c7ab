// What clients are pointed at: the public address, and every address that leads here.
import { Anchor, Group, Skeleton, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Copy } from "@/parts/copy";
import { network as words } from "@/texts/en/network";
import type { Props } from "./network";

export function Addresses({ network }: Props) {
  if (network === undefined) return <Skeleton h={120} />;
  return (
    <Stack gap={12}>
      <Text size="sm">{network.public_url === "" ? words.noPublicUrl : words.publicUrl}</Text>
      {network.urls.map((url) => (
        <Group key={url} gap={4} wrap="nowrap">
          <Text component="code" className="mono" truncate>
            {url}
          </Text>
          <Copy text={url} what={url} />
        </Group>
      ))}
      <Text size="sm" c="dimmed">
        {network.own_addresses.length === 0 ? words.noOwn : words.own(network.own_addresses.join(", "))}
      </Text>
      <Anchor component={Link} size="sm" {...{ to: "/settings" as never, search: { q: "public_url" } as never }}>
        {words.changePublicUrl}
      </Anchor>
    </Stack>
  );
}
