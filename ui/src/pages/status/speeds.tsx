// How fast: latency, time to the first token, and tokens per second of prompts and answers over time. They share the crosshair with the volume.
import { SimpleGrid, Text } from "@mantine/core";
import { useMemo } from "react";
import { TimeChart } from "@/charts/time-chart";
import { duration, rate } from "@/format/figures";
import { useRange } from "@/ranges";
import { status as words } from "@/texts/en/status";
import { type Activity, linesOf } from "./activity";

interface Props {
  activity: Activity | undefined;
  room: string;
}

const HEIGHT = 160;

export function SpeedCharts({ activity, room }: Props) {
  const { setEnds } = useRange();
  const lines = useMemo(() => activity && linesOf(activity), [activity]);
  if (activity !== undefined && activity.slots.speed === null) {
    return (
      <Text size="sm" c="dimmed" my={16}>
        {words.noSpeeds}
      </Text>
    );
  }
  const shared = { shape: "lines" as const, empty: words.noFigures, height: HEIGHT, room, onZoom: setEnds };
  const ofTime = { ...shared, short: duration, exactly: duration };
  const ofSpeed = { ...shared, short: rate, exactly: rate };
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing={16} my={16}>
      <TimeChart name={words.latency} hint={words.latencyHint} data={lines?.latency} {...ofTime} />
      <TimeChart name={words.firstToken} hint={words.firstTokenHint} data={lines?.firstToken} {...ofTime} />
      <TimeChart name={words.promptSpeed} hint={words.promptSpeedHint} data={lines?.promptSpeed} {...ofSpeed} />
      <TimeChart
        name={words.generationSpeed}
        hint={words.generationSpeedHint}
        data={lines?.generationSpeed}
        {...ofSpeed}
      />
    </SimpleGrid>
  );
}
