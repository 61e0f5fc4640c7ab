// A price as it stands in a table: what costs nothing says so, and is green.
import { Text } from "@mantine/core";
import { models as words } from "@/texts/en/models";
import { isZero, price } from "./model";

export function Price({ usd }: { usd: string | null }) {
  if (usd === null) return <span title={words.noPrice}>{price(null)}</span>;
  return isZero(usd) ? (
    <Text span inherit c="var(--ok)" fw={600} title={price(usd)}>
      {words.free}
    </Text>
  ) : (
    <span className="figures">{price(usd)}</span>
  );
}
