// The run that is under way, or the last one: how far it is, and what it found of each model.
import { Progress as Bar, Button, Group, Text } from "@mantine/core";
import { IconGauge, IconPlayerStop } from "@tabler/icons-react";
import { useState } from "react";
import { count, duration, rate } from "@/format/figures";
import { Empty } from "@/parts/empty";
import { Time, Tokens } from "@/parts/figure";
import { Foreign } from "@/parts/foreign";
import { Panel } from "@/parts/panel";
import { tellOf } from "@/parts/problem";
import { type State, StateBadge } from "@/parts/state-badge";
import type { Column } from "@/table/column";
import { DataTable } from "@/table/data-table";
import { benchmark as words } from "@/texts/en/benchmark";
import { cancelRun, type Progress, type Run } from "./benchmark";

const STATES: Readonly<Record<Progress["status"], State>> = {
  queued: "unknown",
  running: "soon",
  done: "ok",
  error: "stopped",
};
const RUN_STATES: Readonly<Record<Run["status"], State>> = {
  running: "soon",
  cancelling: "soon",
  cancelled: "stopped",
  completed: "ok",
};

export function BenchmarkRun({ run, onAgain }: { run: Run; onAgain: (models: string[]) => void }) {
  const isOver = run.ended_at !== null;
  const share = run.messages_total > 0 ? (100 * run.messages_done) / run.messages_total : 0;
  return (
    <>
      <Panel
        title={words.runs[run.status]}
        actions={
          isOver ? (
            <Button variant="default" size="xs" onClick={() => onAgain(run.models.map((one) => one.model))}>
              {words.again}
            </Button>
          ) : (
            <Cancel />
          )
        }
      >
        <Group gap={16} mb={8} className="figures">
          <StateBadge state={RUN_STATES[run.status]} word={words.progress(run.messages_done, run.messages_total)} />
          {run.failed > 0 ? (
            <Text size="sm" c="var(--stopped)">
              {words.failed(run.failed)}
            </Text>
          ) : null}
          <Text size="sm">{words.tokens(count(run.prompt_tokens), count(run.completion_tokens))}</Text>
          <Text size="sm" c="dimmed" component="div">
            {isOver ? words.ended : words.started} <Time at={run.ended_at ?? run.started_at} />
          </Text>
        </Group>
        <Bar value={share} aria-label={words.progress(run.messages_done, run.messages_total)} />
      </Panel>
      <DataTable name={words.list} columns={columnsOf(run)} rows={run.models} idOf={(row) => row.model} />
    </>
  );
}

export function NoRun() {
  return <Empty icon={IconGauge} title={words.empty} hint={words.emptyHint} />;
}

function Cancel() {
  const [busy, setBusy] = useState(false);
  const cancel = async () => {
    setBusy(true);
    await cancelRun().catch(tellOf);
    setBusy(false);
  };
  return (
    <Button
      variant="default"
      size="xs"
      loading={busy}
      leftSection={<IconPlayerStop size={14} aria-hidden />}
      onClick={() => void cancel()}
    >
      {words.cancel}
    </Button>
  );
}

function columnsOf(run: Run): Column<Progress>[] {
  const heads = words.columns;
  const chats = run.chats_per_model;
  const messages = chats * run.messages_per_chat;
  return [
    { id: "model", head: heads.model, width: 200, cell: (row) => <Foreign text={row.model} /> },
    {
      id: "status",
      head: heads.status,
      width: 110,
      cell: (row) => <StateBadge state={STATES[row.status]} word={words.statuses[row.status]} />,
    },
    { id: "chats", head: heads.chats, width: 80, align: "right", cell: (row) => words.of(row.chats_done, chats) },
    {
      id: "messages",
      head: heads.messages,
      width: 94,
      align: "right",
      cell: (row) => words.of(row.messages_done, messages),
    },
    {
      id: "tokens",
      head: heads.tokens,
      width: 80,
      align: "right",
      cell: (row) => <Tokens value={row.total_tokens} />,
    },
    {
      id: "first_token",
      head: heads.firstToken,
      width: 98,
      align: "right",
      cell: (row) => duration(row.first_token_ms),
    },
    { id: "speed", head: heads.speed, width: 90, align: "right", cell: (row) => rate(row.tokens_per_s) },
    {
      id: "answer",
      head: heads.answer,
      width: 110,
      align: "right",
      hidden: true,
      cell: (row) => duration(row.answer_ms),
    },
    {
      id: "error",
      head: heads.error,
      width: 220,
      cell: (row) => (
        <span title={row.last_error}>
          <Foreign text={row.last_error} />
        </span>
      ),
    },
  ];
}
