// Where somebody is signed in, and the way to end it.
import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { tellDone } from "@/parts/done";
import { Time } from "@/parts/figure";
import { ProblemNote, tellOf } from "@/parts/problem";
import { Section } from "@/table/side-panel";
import { access } from "@/texts/en/access";

const words = access.people;

export function Sessions({ user }: { user: string }) {
  const { data, error } = useQuery({
    queryKey: ["users", "sessions", user],
    queryFn: () => told(api.GET("/api/v1/users/{user}/sessions", { params: { path: { user } } })),
  });
  const sessions = data?.data ?? [];
  return (
    <Section
      title={words.sessionsTitle}
      actions={
        sessions.length > 0 ? (
          <Button variant="subtle" size="compact-sm" onClick={() => void endAll(user).catch(tellOf)}>
            {words.endSessions}
          </Button>
        ) : null
      }
    >
      {error ? <ProblemNote error={error} /> : null}
      {data && sessions.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noSessions}
        </Text>
      ) : null}
      {sessions.map((session) => (
        <Group key={session.id} justify="space-between" wrap="nowrap" mih={32} gap={12}>
          <Text size="sm" lineClamp={1} title={session.agent}>
            {`${session.address} · ${session.agent}`}
          </Text>
          <Text size="xs" c="dimmed" component="span" flex="0 0 auto">
            <Time at={session.seen_at} />
          </Text>
        </Group>
      ))}
    </Section>
  );
}

async function endAll(user: string): Promise<void> {
  const { ended } = await told(api.DELETE("/api/v1/users/{user}/sessions", { params: { path: { user } } }));
  void stale("users");
  tellDone(words.endedSessions(ended));
}
