// Every browser that is signed in as oneself, and how to end it.
import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { Time } from "@/parts/figure";
import { Panel } from "@/parts/panel";
import { ProblemNote, tellOf } from "@/parts/problem";
import { account as words } from "@/texts/en/account";
import classes from "./account.module.css";

type OneSession = components["schemas"]["OneSession"];

export function Sessions() {
  const found = useQuery({ queryKey: ["session", "own"], queryFn: () => told(api.GET("/api/v1/me/sessions")) });
  const end = useMutation({
    mutationFn: (id: string) =>
      told(api.DELETE("/api/v1/me/sessions/{session_id}", { params: { path: { session_id: id } } })),
    onSettled: () => stale("session"),
    onError: tellOf,
  });
  const endOthers = useMutation({
    mutationFn: () => told(api.DELETE("/api/v1/me/sessions", { params: { query: { but_this: true } } })),
    onSettled: () => stale("session"),
    onError: tellOf,
  });
  const rows = found.data?.data ?? [];
  const others = rows.some((row) => !row.current);
  return (
    <Panel
      title={words.sessions}
      hint={words.sessionsHint}
      actions={
        others ? (
          <Button variant="default" size="xs" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
            {words.endOthers}
          </Button>
        ) : null
      }
    >
      {found.error ? <ProblemNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      <ul className={classes.sessions}>
        {rows.map((row) => (
          <li key={row.id}>
            <OneRow row={row} busy={end.isPending} onEnd={() => end.mutate(row.id)} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function OneRow({ row, busy, onEnd }: { row: OneSession; busy: boolean; onEnd: () => void }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap={12} py={8}>
      <Stack gap={2} miw={0}>
        <Group gap={8}>
          <Text size="sm" fw={600}>
            {browserOf(row.agent)}
          </Text>
          {row.current ? <Badge variant="light">{words.thisOne}</Badge> : null}
        </Group>
        <Text size="xs" c="dimmed" truncate>
          {words.from(row.address, words.ways[row.way as keyof typeof words.ways] ?? row.way)}
        </Text>
        <Text size="xs" c="dimmed" component="div">
          {words.seen} <Time at={row.seen_at} />
        </Text>
      </Stack>
      {row.current ? null : (
        <Button
          variant="default"
          size="xs"
          disabled={busy}
          onClick={onEnd}
          aria-label={words.endOne(browserOf(row.agent))}
        >
          {words.end}
        </Button>
      )}
    </Group>
  );
}

const BROWSERS = ["Firefox", "Edg", "OPR", "Chrome", "Safari", "curl", "python"] as const;
const SYSTEMS = ["Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux"] as const;

// What an agent calls itself, as far as people care; the agent as it is where nothing of it is known.
function browserOf(agent: string): string {
  const browser = BROWSERS.find((name) => agent.includes(name));
  const system = SYSTEMS.find((name) => agent.includes(name));
  if (browser === undefined) return agent.slice(0, 60) || words.unknownBrowser;
  const called = browser === "Edg" ? "Edge" : browser === "OPR" ? "Opera" : browser;
  return system === undefined ? called : words.onSystem(called, system);
}
