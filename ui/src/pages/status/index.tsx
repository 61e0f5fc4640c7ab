// The page "Status": what passes through, how fast, and who asks for it. One request answers all of it.
import { Alert, Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { queries } from "@/api/queries";
import { HeatMap } from "@/charts/heat-map";
import { ZoomChip } from "@/charts/zoom-chip";
import { absolute, zone } from "@/format/times";
import type { Asked } from "@/pages";
import { PageHead } from "@/parts/page-head";
import { Panel } from "@/parts/panel";
import { ProblemNote } from "@/parts/problem";
import { FilterBar } from "@/table/filter-bar";
import { status as words } from "@/texts/en/status";
import { useView, viewOf } from "@/view";
import { activityOf, useActivity, weekOf } from "./activity";
import { Breakdowns } from "./breakdowns";
import { DEFAULTS, filtersOf } from "./filters";
import { MEASURED, measureOf } from "./measures";
import { SpeedCharts } from "./speeds";
import { StatusTiles } from "./tiles";
import { Volume } from "./volume";

const ROOM = "status";

export function ask({ search, range }: Asked): void {
  void queries.prefetchQuery(activityOf(viewOf(DEFAULTS, search), range));
}

export function Page() {
  const [view, change] = useView(DEFAULTS);
  const { data: activity, error, refetch } = useActivity(view);
  const measure = measureOf(view.measure);
  return (
    <>
      <PageHead title={words.title} about={words.about}>
        <ZoomChip />
        <Group gap={8}>
          <FilterBar filters={filtersOf(activity)} view={view} change={change} />
        </Group>
      </PageHead>
      {error ? <ProblemNote error={error} onRetry={() => void refetch()} /> : null}
      {activity && activity.whole_since > activity.since ? (
        <Alert color="yellow" mb={16} icon={<IconAlertTriangle size={18} aria-hidden />}>
          {words.cut(absolute(activity.whole_since))}
        </Alert>
      ) : null}
      <StatusTiles activity={activity} />
      <Volume activity={activity} view={view} change={change} room={ROOM} />
      <SpeedCharts activity={activity} room={ROOM} />
      <Breakdowns activity={activity} view={view} change={change}>
        <Panel title={words.week} hint={words.weekHint(zone)}>
          <HeatMap
            name={words.week}
            values={activity ? weekOf(activity, measure) : []}
            format={MEASURED[measure].short}
          />
        </Panel>
      </Breakdowns>
    </>
  );
}
