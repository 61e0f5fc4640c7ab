// The page "Log": what the processes of this node say, live, by level, process and word.
import { Button, Group, NativeSelect, Paper, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import {
  IconDownload,
  IconPlayerPause,
  IconPlayerPlay,
  IconSearch,
  IconTerminal2,
  IconTrash,
} from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import { useMay } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { Empty } from "@/parts/empty";
import { PageHead } from "@/parts/page-head";
import { ProblemNote } from "@/parts/problem";
import { SettingsLink } from "@/parts/settings-link";
import { log as words } from "@/texts/en/log";
import { useView } from "@/view";
import { LineList, SkeletonLines } from "./line-list";
import { type Level, type LineFilter, queryOf, useLines } from "./lines";

const LEVELS = Object.keys(words.levels) as Level[];
const PROCESSES = ["supervisor", "control", "data"];
const TYPING_MS = 250;

export function Page() {
  const [view, change] = useView({ level: "info", q: "", process: "" });
  const [isPaused, setPaused] = useState(false);
  const [isReading, setReading] = useState(false);
  const level = LEVELS.find((one) => one === view.level) ?? "info";
  const filter: LineFilter = { level, q: view.q, process: view.process };
  const found = useLines(filter, isPaused || isReading);

  return (
    <>
      <PageHead title={words.title} about={words.about}>
        <SettingsLink q="logs." />
        <Button
          variant="default"
          aria-pressed={isPaused}
          leftSection={isPaused ? <IconPlayerPlay size={16} /> : <IconPlayerPause size={16} />}
          onClick={() => setPaused(!isPaused)}
        >
          {isPaused ? words.follow : words.pause}
        </Button>
        <Button
          component="a"
          href={`/api/v1/logs?${queryOf(filter)}&format=csv`}
          download
          variant="default"
          leftSection={<IconDownload size={16} />}
        >
          {words.download}
        </Button>
        <Clear onCleared={found.clear} />
      </PageHead>
      <Paper withBorder radius="md">
        <Filters filter={filter} change={change} />
        {found.error ? <ProblemNote error={found.error} onRetry={found.refetch} /> : null}
        {found.isLoading && !found.error ? (
          <SkeletonLines />
        ) : found.lines.length === 0 && !found.error ? (
          <Nothing isFiltered={view.q !== "" || view.process !== "" || level !== "info"} />
        ) : (
          <LineList
            {...found}
            onOlder={found.loadOlder}
            onReading={setReading}
            onNewest={() => {
              setPaused(false);
              setReading(false);
            }}
          />
        )}
      </Paper>
    </>
  );
}

interface FilterProps {
  filter: LineFilter;
  change: (changes: Partial<Record<keyof LineFilter, string>>, replace?: boolean) => void;
}

function Filters({ filter, change }: FilterProps) {
  const [typed, setTyped] = useState(filter.q);
  const ask = useDebouncedCallback((q: string) => change({ q }, true), TYPING_MS);
  useEffect(() => setTyped(filter.q), [filter.q]);
  return (
    <Group p={12} gap={8}>
      <TextInput
        type="search"
        flex="1 1 260px"
        maw={420}
        aria-label={words.search}
        placeholder={words.search}
        leftSection={<IconSearch size={16} aria-hidden />}
        maxLength={200}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          ask(event.currentTarget.value);
        }}
      />
      <NativeSelect
        flex="1 1 140px"
        maw={200}
        aria-label={words.level}
        data={LEVELS.map((value) => ({ value, label: words.levels[value] }))}
        value={filter.level}
        onChange={(event) => change({ level: event.currentTarget.value })}
      />
      <NativeSelect
        flex="1 1 140px"
        maw={200}
        aria-label={words.process}
        data={[{ value: "", label: words.anyProcess }, ...PROCESSES]}
        value={filter.process}
        onChange={(event) => change({ process: event.currentTarget.value })}
      />
    </Group>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <Empty icon={IconTerminal2} title={words.nothingFound} hint={words.nothingFoundHint} />
  ) : (
    <Empty icon={IconTerminal2} title={words.nothing} hint={words.nothingHint} />
  );
}

function Clear({ onCleared }: { onCleared: () => void }) {
  const [opened, setOpened] = useState(false);
  const clear = async () => {
    await told(api.DELETE("/api/v1/logs"));
    onCleared();
    await stale("logs");
  };
  if (!useMay("logs.delete")) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={16} />} onClick={() => setOpened(true)}>
        {words.clear}
      </Button>
      <Confirm
        opened={opened}
        title={words.clearTitle}
        consequence={words.clearConsequence}
        verb={words.clear}
        name={words.clearName}
        onClose={() => setOpened(false)}
        onConfirm={clear}
      />
    </>
  );
}
