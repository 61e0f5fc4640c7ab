// What is left of a provider's quota, as a ring; of two quotas (requests and tokens) as two, one in the other.
import { Stack, Text } from "@mantine/core";
import { percent } from "@/format/figures";
import { charts as words } from "@/texts/en/charts";
import { fillOf } from "./fill";

export interface RingShare {
  name: string;
  // 0 to 1.
  used: number;
}

interface Props {
  name: string;
  // The first is the outer ring, and the fullest is what the middle tells.
  shares: readonly RingShare[];
  size?: number;
}

const BOX = 100;
const WIDTH = 9;
const GAP = 3;

export function Ring({ name, shares, size = 112 }: Props) {
  const fullest = Math.max(0, ...shares.map((share) => share.used));
  const told = shares.map((one) => words.ring(one.name, percent(leftOf(one.used)), words.fill[fillOf(one.used)]));
  return (
    <Stack gap={4} align="center">
      <svg
        width={size}
        height={size}
        viewBox={`0 0 ${BOX} ${BOX}`}
        role="img"
        aria-label={`${name}. ${told.join(" ")}`}
      >
        {shares.map((share, at) => (
          <Circle key={share.name} used={share.used} radius={BOX / 2 - WIDTH / 2 - at * (WIDTH + GAP)} />
        ))}
        <text
          x="50"
          y="50"
          textAnchor="middle"
          dominantBaseline="central"
          fontSize={shares.length > 1 ? 15 : 18}
          fontWeight="600"
          fill="currentColor"
          className="figures"
        >
          {percent(leftOf(fullest))}
        </text>
      </svg>
      <Text size="xs" fw={500} c={`var(--${fillOf(fullest)})`} aria-hidden>
        {words.fill[fillOf(fullest)]}
      </Text>
    </Stack>
  );
}

function Circle({ used, radius }: { used: number; radius: number }) {
  const around = 2 * Math.PI * radius;
  const left = leftOf(used);
  const shared = { cx: 50, cy: 50, r: radius, fill: "none", strokeWidth: WIDTH };
  return (
    <g transform="rotate(-90 50 50)">
      <circle {...shared} stroke="var(--line)" />
      {left > 0 ? (
        <circle
          {...shared}
          stroke={`var(--${fillOf(used)})`}
          strokeLinecap={left < 0.99 ? "round" : "butt"}
          strokeDasharray={`${left * around} ${around}`}
        />
      ) : null}
    </g>
  );
}

function leftOf(used: number): number {
  return Math.min(1, Math.max(0, 1 - used));
}
