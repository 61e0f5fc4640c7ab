// The figures of the whole time, each with what it was in the period before.
import { SimpleGrid } from "@mantine/core";
import type { ReactNode } from "react";
import { count, duration, exact, money, percent, rate } from "@/format/figures";
import { Change } from "@/parts/change";
import { Tile } from "@/parts/tile";
import { status as words } from "@/texts/en/status";
import type { Activity, Speed, Sums } from "./activity";

export function StatusTiles({ activity }: { activity: Activity | undefined }) {
  const now = activity?.total;
  const before = activity?.before ?? undefined;
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing={16} mb={16}>
      <Counted name={words.tiles.requests} of={(sums) => sums.requests} now={now} before={before} more={failedOf} />
      <Counted name={words.tiles.input} of={(sums) => sums.input_tokens} now={now} before={before} more={cachedOf} />
      <Counted name={words.tiles.output} of={(sums) => sums.output_tokens} now={now} before={before} more={thoughtOf} />
      <Tile
        name={words.tiles.cost}
        value={now && money(now.cost_nano_usd)}
        note={
          <Note
            change={<Change now={now?.cost_nano_usd} before={before?.cost_nano_usd} format={money} />}
            more={now && now.unpriced_requests > 0 ? words.unpriced(count(now.unpriced_requests)) : ""}
          />
        }
      />
      <SpeedTiles activity={activity} />
      <LastTile activity={activity} />
    </SimpleGrid>
  );
}

interface CountedProps {
  name: string;
  of: (sums: Sums) => number;
  now: Sums | undefined;
  before: Sums | undefined;
  more: (sums: Sums) => string;
}

function Counted({ name, of, now, before, more }: CountedProps) {
  return (
    <Tile
      name={name}
      value={now && count(of(now))}
      {...(now ? { exactly: exact(of(now)) } : {})}
      note={
        <Note
          change={<Change now={now && of(now)} before={before && of(before)} format={count} />}
          more={now ? more(now) : ""}
        />
      }
    />
  );
}

function SpeedTiles({ activity }: { activity: Activity | undefined }) {
  const [now, before] = [activity?.total.speed, activity?.before?.speed];
  const known = (name: keyof Speed) => now?.[name] ?? null;
  const changed = (name: keyof Speed, format: (value: number) => string) => (
    <Change now={now?.[name]} before={before?.[name]} format={format} />
  );
  const p95 = known("latency_p95_ms");
  return (
    <>
      <Tile
        name={words.tiles.latency}
        value={activity && duration(known("latency_p50_ms"))}
        note={<Note change={changed("latency_p50_ms", duration)} more={p95 === null ? "" : words.p95(duration(p95))} />}
      />
      <Tile
        name={words.tiles.promptSpeed}
        value={activity && rate(known("prompt_tokens_per_s"))}
        note={<Note change={changed("prompt_tokens_per_s", rate)} />}
      />
      <Tile
        name={words.tiles.generationSpeed}
        value={activity && rate(known("generated_tokens_per_s"))}
        note={<Note change={changed("generated_tokens_per_s", rate)} />}
      />
    </>
  );
}

// Only who sees everything is told of providers; others see how soon answers begin.
function LastTile({ activity }: { activity: Activity | undefined }) {
  if (activity !== undefined && activity.providers === null) {
    const [now, before] = [activity.total.speed?.first_token_p50_ms, activity.before?.speed?.first_token_p50_ms];
    return (
      <Tile
        name={words.tiles.firstToken}
        value={duration(now)}
        note={<Change now={now} before={before} format={duration} />}
      />
    );
  }
  const providers = activity?.providers;
  const away = providers ? providers.available - providers.online : 0;
  const note = providers?.available === 0 ? words.noProviders : away > 0 ? words.offline(away) : words.allOnline;
  return (
    <Tile
      name={words.tiles.providers}
      value={providers && words.ofAvailable(providers.online, providers.available)}
      note={providers ? note : ""}
    />
  );
}

function Note({ change, more = "" }: { change: ReactNode; more?: string }) {
  return (
    <>
      {change}
      {more === "" ? null : ` · ${more}`}
    </>
  );
}

function failedOf(sums: Sums): string {
  return sums.failed > 0 ? words.failed(count(sums.failed), percent(sums.failed / sums.requests)) : "";
}

function cachedOf(sums: Sums): string {
  return sums.cached_input_tokens > 0 ? words.cached(count(sums.cached_input_tokens)) : "";
}

function thoughtOf(sums: Sums): string {
  return sums.reasoning_tokens > 0 ? words.reasoning(count(sums.reasoning_tokens)) : "";
}
