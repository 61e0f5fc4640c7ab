// Tokens, cost or requests over time, stacked by what they are grouped by.
import { NativeSelect, SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { TimeChart } from "@/charts/time-chart";
import { useRange } from "@/ranges";
import { status as words } from "@/texts/en/status";
import { type Activity, volumeOf } from "./activity";
import { DIMENSIONS, groupOf, pickedOf, type StatusView, toggled } from "./filters";
import { MEASURED, MEASURES, measureOf } from "./measures";

interface Props {
  activity: Activity | undefined;
  view: StatusView;
  change: (changes: Partial<StatusView>) => void;
  room: string;
}

export function Volume({ activity, view, change, room }: Props) {
  const { setEnds } = useRange();
  const [measure, group] = [measureOf(view.measure), groupOf(view)];
  const data = useMemo(() => activity && volumeOf(activity, measure), [activity, measure]);
  return (
    <TimeChart
      name={words.volume}
      hint={words.volumeHint}
      data={data}
      shape="stack"
      short={MEASURED[measure].short}
      exactly={MEASURED[measure].exactly}
      height={280}
      room={room}
      picked={pickedOf(group, view)}
      onPick={(name) => change(toggled(group, name, view))}
      onZoom={setEnds}
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label={words.measure}
            data={MEASURES.map((value) => ({ value, label: words.measures[value] }))}
            value={measure}
            onChange={(value) => change({ measure: value })}
          />
          <NativeSelect
            size="xs"
            w={128}
            aria-label={words.group}
            data={DIMENSIONS.map((value) => ({ value, label: words.groups[value] }))}
            value={group}
            onChange={(event) => change({ group: event.currentTarget.value })}
          />
        </>
      }
    />
  );
}
