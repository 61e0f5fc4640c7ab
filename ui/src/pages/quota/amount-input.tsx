// An amount of a metric: dollars with their sign, whole numbers of everything else.
import { NumberInput } from "@mantine/core";
import type { Metric } from "@/format/limits";

interface Props {
  label: string;
  description?: string;
  metric: Metric;
  value: number | "";
  required?: boolean;
  onChange: (value: number | "") => void;
}

export function AmountInput({ metric, onChange, ...rest }: Props) {
  const isMoney = metric === "cost_usd";
  return (
    <NumberInput
      {...rest}
      min={0}
      allowNegative={false}
      allowDecimal={isMoney}
      thousandSeparator=" "
      {...(isMoney ? { prefix: "$", decimalScale: 9 } : {})}
      onChange={(value) => onChange(typeof value === "number" ? value : "")}
    />
  );
}
