// Which proxies are believed, and whether it shows: how the one who looks came in.
import { Alert, Anchor, List, Skeleton, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { network as words } from "@/texts/en/network";
import type { Props } from "./network";

export function Proxies({ network }: Props) {
  if (network === undefined) return <Skeleton h={160} />;
  const { visit, trusted_proxies: proxies } = network;
  return (
    <Stack gap={12}>
      {proxies.length === 0 ? (
        <Text size="sm">{words.noProxies}</Text>
      ) : (
        <List size="sm">
          {proxies.map((proxy) => (
            <List.Item key={proxy}>
              <code>{proxy}</code>
            </List.Item>
          ))}
        </List>
      )}
      <Alert color="gray" title={words.visit}>
        {words.visitFrom(visit.address, visit.host)}
        <br />
        {words.visitHint}
      </Alert>
      <Anchor component={Link} size="sm" {...{ to: "/settings" as never, search: { q: "trusted_proxies" } as never }}>
        {words.changeProxies}
      </Anchor>
    </Stack>
  );
}
