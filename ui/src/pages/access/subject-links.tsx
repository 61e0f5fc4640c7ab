// From a subject to what it did: its keys, requests and usage.
import { Anchor, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";

interface Props {
  // The name of the filter that the other pages have for it, and its value.
  filter: "key" | "user" | "team";
  value: string;
  keys?: string;
  requests: string;
  usage: string;
}

export function SubjectLinks({ filter, value, keys, requests, usage }: Props) {
  const search = { [filter]: value } as never;
  return (
    <Group gap={16}>
      {keys ? (
        <Anchor component={Link} {...{ to: "/access" as never, search }} size="sm">
          {keys}
        </Anchor>
      ) : null}
      <Anchor component={Link} {...{ to: "/requests" as never, search }} size="sm">
        {requests}
      </Anchor>
      <Anchor component={Link} {...{ to: "/usage" as never, search }} size="sm">
        {usage}
      </Anchor>
    </Group>
  );
}
