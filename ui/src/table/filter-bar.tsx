// Search and filters of a list: kept in the address, shown as chips that can be taken away.
import { CloseButton, Pill, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { table as words } from "@/texts/en/table";
import { AddFilter } from "./add-filter";

export interface FilterOption {
  value: string;
  label: string;
}

export interface Filter {
  // As in the address and in the request.
  name: string;
  label: string;
  // Without them any text is asked for.
  options?: readonly FilterOption[];
}

export type Change = (changes: Record<string, string>, replace?: boolean) => void;

interface Props {
  // What is searched, as the name of the box; `q` in the address. Without it there is no box.
  search?: string;
  filters?: readonly Filter[];
  view: Readonly<Record<string, string>>;
  change: Change;
}

const WAIT_MS = 250;

export function FilterBar({ search, filters = [], view, change }: Props) {
  const set = filters.filter((filter) => (view[filter.name] ?? "") !== "");
  const free = filters.filter((filter) => !set.includes(filter));
  const clear = () => change(Object.fromEntries(set.map((filter) => [filter.name, ""])));
  return (
    <>
      {search ? <SearchBox label={search} value={view.q ?? ""} change={change} /> : null}
      {set.map((filter) => (
        <Chip
          key={filter.name}
          filter={filter}
          value={view[filter.name] ?? ""}
          onRemove={() => change({ [filter.name]: "" })}
        />
      ))}
      {free.length > 0 ? <AddFilter filters={free} change={change} /> : null}
      {set.length > 1 ? (
        <UnstyledButton fz="xs" c="dimmed" onClick={clear}>
          {words.clearFilters}
        </UnstyledButton>
      ) : null}
    </>
  );
}

function SearchBox({ label, value, change }: { label: string; value: string; change: Change }) {
  const [typed, setTyped] = useState(value);
  const ask = useDebouncedCallback((q: string) => change({ q }, true), WAIT_MS);
  useEffect(() => setTyped(value), [value]);
  const type = (text: string) => {
    setTyped(text);
    ask(text.trim());
  };
  return (
    <TextInput
      type="search"
      size="xs"
      w={{ base: "100%", xs: 240 }}
      placeholder={label}
      aria-label={label}
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={typed ? <CloseButton size="xs" aria-label={words.clearFilters} onClick={() => type("")} /> : null}
    />
  );
}

function Chip({ filter, value, onRemove }: { filter: Filter; value: string; onRemove: () => void }) {
  const shown = filter.options?.find((option) => option.value === value)?.label ?? value;
  const text = `${filter.label}: ${shown}`;
  return (
    <Pill
      withRemoveButton
      onRemove={onRemove}
      removeButtonProps={{ "aria-label": words.removeFilter(text), "aria-hidden": false, tabIndex: 0 }}
    >
      {text}
    </Pill>
  );
}
