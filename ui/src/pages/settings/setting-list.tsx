// All settings, in groups: what may be changed first, what the file owns folded beneath. Found by word.
import { Button, Group, SegmentedControl, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconChevronDown, IconSearch, IconSettingsOff } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "@/parts/empty";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { settings as words } from "@/texts/en/settings";
import { Capture } from "./capture";
import { Profile } from "./profile";
import { found, GROUPS, type Group as GroupName, type Setting, SHOWS, type Show, useSettings } from "./setting";
import { SettingRow } from "./setting-row";

interface Props {
  q: string;
  show: string;
  onChange: (view: { q?: string; show?: string }, replace?: boolean) => void;
}

const WAIT_MS = 150;

export function SettingList({ q, show, onChange }: Props) {
  const asked = useSettings();
  const wanted: Show = SHOWS.find((one) => one === show) ?? "all";
  const [typed, setTyped] = useState(q);
  const search = useDebouncedCallback((text: string) => onChange({ q: text }, true), WAIT_MS);
  const shown = found(asked.data ?? [], q, wanted);
  const isFiltered = q !== "" || wanted !== "all";
  return (
    <Stack gap={16}>
      <Group gap={12}>
        <TextInput
          type="search"
          w={{ base: "100%", xs: 280 }}
          aria-label={words.search}
          placeholder={words.search}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            search(event.currentTarget.value);
          }}
        />
        <SegmentedControl
          aria-label={words.show}
          value={wanted}
          onChange={(value) => onChange({ show: value === "all" ? "" : value })}
          data={SHOWS.map((value) => ({ value, label: words.shows[value] }))}
        />
      </Group>
      {asked.error ? <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} /> : null}
      {isFiltered ? null : <Profile />}
      {asked.data === undefined && !asked.error ? <Skeleton h={480} /> : null}
      {asked.data !== undefined && shown.length === 0 ? <Empty icon={IconSettingsOff} title={words.nothing} /> : null}
      {GROUPS.map((group) => (
        <SettingGroup
          key={group}
          group={group}
          settings={shown.filter((one) => one.group === group)}
          isFiltered={isFiltered}
        />
      ))}
    </Stack>
  );
}

interface GroupProps {
  group: GroupName;
  settings: readonly Setting[];
  isFiltered: boolean;
}

function SettingGroup({ group, settings, isFiltered }: GroupProps) {
  const [unfolded, unfold] = useState(false);
  if (settings.length === 0) return null;
  const changeable = settings.filter((one) => one.changeable);
  const fixed = settings.filter((one) => !one.changeable);
  const showsFixed = unfolded || isFiltered;
  return (
    <Panel title={words.groups[group]} flush>
      {changeable.map((one) => (
        <SettingRow key={one.name} setting={one} />
      ))}
      {group === "keeping" && !isFiltered ? <Capture /> : null}
      {showsFixed ? fixed.map((one) => <SettingRow key={one.name} setting={one} />) : null}
      {fixed.length > 0 && !isFiltered ? (
        <Group px={16} py={8} gap={12}>
          <Button
            variant="subtle"
            color="gray"
            size="xs"
            aria-expanded={unfolded}
            rightSection={<IconChevronDown size={14} aria-hidden />}
            onClick={() => unfold(!unfolded)}
          >
            {words.inFile(fixed.length)}
          </Button>
          <Text size="xs" c="dimmed">
            {words.inFileHint}
          </Text>
        </Group>
      ) : null}
    </Panel>
  );
}
