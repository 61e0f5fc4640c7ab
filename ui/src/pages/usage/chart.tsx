// Usage day by day, stacked by what the table below is grouped by.
import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { TimeChart } from "@/charts/time-chart";
import { useRange } from "@/ranges";
import { usage as words } from "@/texts/en/usage";
import type { Days } from "./days";
import { byOf, filterOf, pickedOf, stackedBy, type UsageView } from "./grouping";
import { MEASURED, MEASURES, measureOf } from "./measures";
import { chartOf, type Usage } from "./report";

interface Props {
  usage: Usage | undefined;
  days: Days;
  view: UsageView;
  change: (changes: Partial<UsageView>) => void;
}

export function UsageChart({ usage, days, view, change }: Props) {
  const { setEnds } = useRange();
  const measure = measureOf(view.measure);
  const by = stackedBy(byOf(view));
  const picked = pickedOf(by, view);
  const { from, to } = days;
  const data = useMemo(() => usage && chartOf(usage, { from, to }, measure), [usage, from, to, measure]);
  return (
    <TimeChart
      name={words.chart}
      hint={words.chartHint}
      data={data}
      shape="stack"
      short={MEASURED[measure].short}
      exactly={MEASURED[measure].exactly}
      height={256}
      room="usage"
      picked={picked}
      onPick={(name) => change(filterOf(by, picked === name ? "" : name))}
      onZoom={setEnds}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={words.measure}
          data={MEASURES.map((value) => ({ value, label: words.measures[value] }))}
          value={measure}
          onChange={(value) => change({ measure: value })}
        />
      }
    />
  );
}
