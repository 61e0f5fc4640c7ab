// The values of a filter that has a choice of them.
import { Select } from "@mantine/core";
import type { Filter } from "./filter-bar";

const MANY = 8;

export function FilterChoice({ filter, onApply }: { filter: Filter; onApply: (value: string) => void }) {
  const options = filter.options ?? [];
  return (
    <Select
      data-autofocus
      label={filter.label}
      data={[...options]}
      searchable={options.length > MANY}
      comboboxProps={{ withinPortal: false }}
      onChange={(value) => onApply(value ?? "")}
      limit={100}
    />
  );
}
