// What was used in all, beside the period before; what has no price is said, because the cost is without it.
import { SimpleGrid, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { count, exact, money, percent } from "@/format/figures";
import { Change } from "@/parts/change";
import { Tile } from "@/parts/tile";
import { usage as words } from "@/texts/en/usage";
import type { Sums } from "./report";

interface Props {
  now: Sums | undefined;
  before: Sums | undefined;
}

export function UsageTiles({ now, before }: Props) {
  return (
    <SimpleGrid cols={{ base: 2, sm: 3 }} spacing={16} mb={16}>
      <Tile
        name={words.tiles.cost}
        value={now && money(now.cost_nano_usd)}
        note={<Change now={now?.cost_nano_usd} before={before?.cost_nano_usd} format={money} />}
      />
      <Counted name={words.tiles.requests} of={(sums) => sums.requests} now={now} before={before} />
      <Counted name={words.tiles.input} of={(sums) => sums.input_tokens} now={now} before={before}>
        {now && now.cached_input_tokens > 0 ? words.cached(count(now.cached_input_tokens)) : null}
      </Counted>
      <Counted name={words.tiles.output} of={(sums) => sums.output_tokens} now={now} before={before}>
        {now && now.reasoning_tokens > 0 ? words.reasoning(count(now.reasoning_tokens)) : null}
      </Counted>
      <Counted name={words.tiles.failed} of={(sums) => sums.failed} now={now} before={before}>
        {now && now.failed > 0 ? words.failedShare(percent(now.failed / now.requests)) : null}
      </Counted>
      <Unpriced now={now} />
    </SimpleGrid>
  );
}

interface CountedProps extends Props {
  name: string;
  of: (sums: Sums) => number;
  children?: ReactNode;
}

function Counted({ name, of, now, before, children }: CountedProps) {
  return (
    <Tile
      name={name}
      value={now && count(of(now))}
      {...(now ? { exactly: exact(of(now)) } : {})}
      note={
        <>
          <Change now={now && of(now)} before={before && of(before)} format={count} />
          {children ? <> · {children}</> : null}
        </>
      }
    />
  );
}

function Unpriced({ now }: { now: Sums | undefined }) {
  const some = now !== undefined && now.unpriced_requests > 0;
  return (
    <Tile
      name={words.tiles.unpriced}
      value={now && count(now.unpriced_requests)}
      note={
        some ? (
          <Tooltip label={words.unpricedHint}>
            <span>{words.notInCost}</span>
          </Tooltip>
        ) : (
          words.allPriced
        )
      }
    />
  );
}
