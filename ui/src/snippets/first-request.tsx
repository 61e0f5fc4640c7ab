// "Waiting for the first request… arrived": shows by itself when a new key is first used.
import { Alert, Anchor, Group, Loader, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, told } from "@/api/client";
import type { components } from "@/api/schema";
import { useStream } from "@/api/stream";
import { count, duration } from "@/format/figures";
import { snippets as words } from "@/texts/en/snippets";

type Row = components["schemas"]["LedgerRow"];
const EVERY_MS = 2000;

interface Props {
  keyId: string;
  onArrived?: () => void;
}

export function FirstRequest({ keyId, onArrived }: Props) {
  const [row, setRow] = useState<Row | null>(null);
  const state = useStream({
    path: row === null ? `/api/v1/ledger/stream?${new URLSearchParams({ key: keyId })}` : null,
    events: { request: (told) => setRow(told as Row) },
    onOpen: () => void asked.refetch(),
  });
  // What came before the stream was open; and, where nothing is live, what has come since.
  const asked = useQuery({
    queryKey: ["requests", "first", keyId],
    queryFn: () => told(api.GET("/api/v1/ledger", { params: { query: { key: keyId, limit: 1 } } })),
    refetchInterval: (query) => (query.state.data?.data.length || state === "open" ? false : EVERY_MS),
    staleTime: 0,
    enabled: row === null,
  });
  const first = row ?? asked.data?.data[0];
  const arrived = first !== undefined;
  useEffect(() => {
    if (arrived) onArrived?.();
  }, [arrived, onArrived]);
  return <div aria-live="polite">{first === undefined ? <Waiting /> : <Arrived row={first} />}</div>;
}

function Waiting() {
  return (
    <Group gap={12} wrap="nowrap" mih={40}>
      <Loader size={18} type="dots" aria-hidden />
      <div>
        <Text size="sm">{words.waiting}</Text>
        <Text size="xs" c="dimmed">
          {words.waitingHint}
        </Text>
      </div>
    </Group>
  );
}

function Arrived({ row }: { row: Row }) {
  const failed = row.status >= 400;
  const tokens = count(row.usage.input_tokens + row.usage.output_tokens);
  return (
    <Alert
      color={failed ? "red" : "green"}
      icon={failed ? <IconCircleX size={18} aria-hidden /> : <IconCircleCheck size={18} aria-hidden />}
      title={words.arrived}
    >
      <Group justify="space-between" gap={8}>
        <Text size="sm" className="figures">
          {failed
            ? words.failedAs(row.requested_model, row.error_code)
            : words.arrivedAs(row.requested_model, tokens, duration(row.latency_us / 1000))}
        </Text>
        <Anchor component={Link} {...{ to: "/requests" as never, search: { open: row.id } as never }} size="sm">
          {words.seeRequest}
        </Anchor>
      </Group>
    </Alert>
  );
}
