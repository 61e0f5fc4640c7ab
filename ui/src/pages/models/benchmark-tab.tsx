// The benchmark: what to ask, and what was found.
import { Skeleton, Stack } from "@mantine/core";
import { ProblemNote } from "@/parts/problem";
import { useView } from "@/view";
import { useBenchmark } from "./benchmark";
import { BenchmarkForm } from "./benchmark-form";
import { BenchmarkRun, NoRun } from "./benchmark-run";

const BETWEEN = ",";

export function BenchmarkTab() {
  const [view, change] = useView({ models: "" });
  const { data, error, refetch } = useBenchmark();
  const models = view.models === "" ? [] : view.models.split(BETWEEN);
  const choose = (names: string[]) => change({ models: [...new Set(names)].join(BETWEEN) }, true);
  return (
    <Stack gap={16}>
      <BenchmarkForm models={models} onModels={choose} known={data} />
      {error ? <ProblemNote error={error} onRetry={() => void refetch()} /> : null}
      {data === undefined ? (
        error ? null : (
          <Skeleton h={160} />
        )
      ) : data.run === null ? (
        <NoRun />
      ) : (
        <BenchmarkRun run={data.run} onAgain={choose} />
      )}
    </Stack>
  );
}
