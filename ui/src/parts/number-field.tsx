// A field for a number, as the browser has it, with its unit. Empty is no number.
import { Text, TextInput, type TextInputProps } from "@mantine/core";

interface Props extends Omit<TextInputProps, "value" | "onChange"> {
  value: number | null;
  onChange: (value: number | null) => void;
  unit?: string;
}

const UNIT_PX = 72;

export function NumberField({ value, onChange, unit, ...rest }: Props) {
  const shown = unit ? (
    <Text size="xs" c="dimmed">
      {unit}
    </Text>
  ) : null;
  return (
    <TextInput
      {...rest}
      type="number"
      value={value ?? ""}
      onChange={(event) => onChange(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}
      {...(shown ? { rightSection: shown, rightSectionWidth: UNIT_PX } : {})}
    />
  );
}
