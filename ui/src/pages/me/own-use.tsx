// What one has used today and since the month began.
import { count, exact, money } from "@/format/figures";
import { Tile, Tiles } from "@/parts/tile";
import { me as words } from "@/texts/en/me";
import { parts } from "@/texts/en/parts";
import type { Me } from "./me";

export function OwnUse({ used }: { used: Me["used"] | undefined }) {
  return (
    <Tiles>
      {(["today", "month"] as const).flatMap((span) => {
        const sums = used?.[span];
        const tokens = sums?.total_tokens ?? 0;
        return [
          <Tile
            key={`${span}-requests`}
            name={words.requests[span]}
            value={sums && count(sums.requests)}
            note={sums && sums.failed > 0 ? words.failed(count(sums.failed)) : undefined}
          />,
          <Tile
            key={`${span}-tokens`}
            name={words.tokens[span]}
            value={sums && count(tokens)}
            exactly={parts.exact(exact(tokens))}
            note={sums ? words.inAndOut(count(sums.input_tokens), count(sums.output_tokens)) : undefined}
          />,
          <Tile
            key={`${span}-cost`}
            name={words.cost[span]}
            value={sums && money(sums.cost_nano_usd)}
            note={sums && sums.unpriced_requests > 0 ? words.unpriced(count(sums.unpriced_requests)) : undefined}
          />,
        ];
      })}
    </Tiles>
  );
}
