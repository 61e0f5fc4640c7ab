// One request of a conversation: what was new in it, what came back, and how it went.
import { Badge, Button, Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconCode, IconListDetails, IconMessageCog } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { count, duration, exact } from "@/format/figures";
import { absolute, momentOf } from "@/format/times";
import { Money } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { type State, StateBadge } from "@/parts/state-badge";
import { conversations } from "@/texts/en/conversations";
import classes from "./conversations.module.css";
import { Folded, PieceView } from "./piece";
import { RawView } from "./raw-view";
import type { Exchange, Turn } from "./use-conversation";
import { Words } from "./words";

const words = conversations.panel;
const NANO = 1e9;

export interface Shown {
  system: boolean;
  thinking: boolean;
}

interface Props {
  conversationId: string;
  exchange: Exchange;
  shown: Shown;
}

export function ExchangeView({ conversationId, exchange, shown }: Props) {
  return (
    <Stack component="article" gap={8} aria-label={momentOf(exchange.at)}>
      <Origin exchange={exchange} />
      {exchange.system === null || exchange.system === "" ? null : (
        <Folded
          key={String(shown.system)}
          icon={IconMessageCog}
          name={words.system}
          summary={words.chars(exact(exchange.system.length))}
          opened={shown.system}
        >
          <Words text={exchange.system} />
        </Folded>
      )}
      {exchange.earlier_turns > 0 ? (
        <Text size="xs" c="dimmed" ta="center">
          {words.earlier(exchange.earlier_turns)}
        </Text>
      ) : null}
      <Turns turns={exchange.turns} showThinking={shown.thinking} />
      {exchange.truncated ? (
        <Text size="xs" c="dimmed">
          {words.truncated}
        </Text>
      ) : null}
      <Turns turns={exchange.answer} showThinking={shown.thinking} />
      {exchange.problem ? (
        <div className={classes.problem}>
          <Foreign text={exchange.problem} />
        </div>
      ) : null}
      <Outcome conversationId={conversationId} exchange={exchange} />
    </Stack>
  );
}

function Origin({ exchange }: { exchange: Exchange }) {
  const told = [exchange.client_tool, exchange.client_ip, exchange.model].filter(Boolean).join(" · ");
  return (
    <Group gap={8} className={classes.origin}>
      <Tooltip label={absolute(exchange.at)}>
        <time dateTime={exchange.at}>{momentOf(exchange.at)}</time>
      </Tooltip>
      <Foreign text={told} />
      {exchange.kind === "title_generation" ? (
        <Badge variant="default" size="sm" tt="none" fw={500}>
          {words.titleRequest}
        </Badge>
      ) : null}
    </Group>
  );
}

function Turns({ turns, showThinking }: { turns: Turn[]; showThinking: boolean }) {
  return turns.map((turn, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: turns have no names, and their order never changes.
    <div key={index} className={classes.turn} data-role={turn.role}>
      <Text component="div" size="xs" fw={600} c="dimmed" mb={4}>
        {conversations.roles[turn.role]}
      </Text>
      <Stack gap={8}>
        {turn.pieces.map((piece, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above.
          <PieceView key={place} piece={piece} showThinking={showThinking} />
        ))}
      </Stack>
    </div>
  ));
}

function Outcome({ conversationId, exchange }: Omit<Props, "shown">) {
  const [raw, setRaw] = useState(false);
  return (
    <>
      <Group gap={8} className={classes.outcome}>
        <StateBadge state={stateOf(exchange)} word={wordOf(exchange)} />
        <Figures exchange={exchange} />
        <Group gap={4} ml="auto">
          <Button
            component={Link}
            {...{ to: "/requests" as never, search: { open: exchange.id } as never }}
            variant="subtle"
            color="gray"
            size="compact-xs"
            leftSection={<IconListDetails size={14} aria-hidden />}
          >
            {words.openRequest}
          </Button>
          <Button
            variant="subtle"
            color="gray"
            size="compact-xs"
            aria-expanded={raw}
            leftSection={<IconCode size={14} aria-hidden />}
            onClick={() => setRaw(!raw)}
          >
            {words.raw}
          </Button>
        </Group>
      </Group>
      {raw ? <RawView conversationId={conversationId} exchange={exchange} /> : null}
    </>
  );
}

function Figures({ exchange }: { exchange: Exchange }) {
  const { use, stop, is_stream: isStream } = exchange;
  const notes = [
    ...(use ? [words.latency(duration(use.latency_ms)), `${use.provider}/${use.model}`] : [exchange.provider]),
    ...(use ? [words.tokensInOut(count(use.input_tokens), count(use.output_tokens))] : []),
    ...(isStream ? [words.stream] : []),
    words.stopped[stop] ?? stop,
  ].filter(Boolean);
  return (
    <>
      <span className="figures">
        <Foreign text={notes.join(" · ")} />
      </span>
      {use?.cost_usd ? <Money nano={Number(use.cost_usd) * NANO} /> : null}
    </>
  );
}

function stateOf({ outcome, status }: Exchange): State {
  if (outcome === null) return "unknown";
  if (outcome === "disconnected") return "soon";
  return outcome === "answered" && status < 400 ? "ok" : "stopped";
}

function wordOf({ outcome, status }: Exchange): string {
  const ended = outcome === null ? "" : words.outcomes[outcome];
  return `${status || ""} ${ended}`.trim();
}
