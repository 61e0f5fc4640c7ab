// Whose conversations are kept, in short; it is changed on the page Conversations.
import { Anchor, Badge, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/api/client";
import { settings as words } from "@/texts/en/settings";
import classes from "./settings.module.css";

export function Capture() {
  const asked = useQuery({
    queryKey: ["conversations", "capture"],
    queryFn: () => told(api.GET("/api/v1/conversations/capture")),
  });
  const rules = asked.data?.data.filter((rule) => !rule.shadowed) ?? [];
  return (
    <div className={classes.line}>
      <Group justify="space-between" gap={12}>
        <Stack gap={2}>
          <Text size="sm">{words.capture.title}</Text>
          <Text size="xs" c="dimmed">
            {asked.data?.allowed === false
              ? words.capture.forbidden
              : rules.length === 0
                ? words.capture.nobody
                : words.capture.about}
          </Text>
        </Stack>
        <Group gap={8}>
          {rules.map((rule) => (
            <Badge key={rule.scope} variant="light" tt="none" fw={500} color={rule.enabled ? "indigo" : "gray"}>
              {`${rule.scope}: ${rule.enabled ? words.capture.kept : words.capture.notKept}`}
            </Badge>
          ))}
          <Anchor component={Link} size="sm" {...{ to: "/conversations" as never }}>
            {words.capture.change}
          </Anchor>
        </Group>
      </Group>
    </div>
  );
}
