// A field for a model's name: models and aliases are found as one types, and what is not found may be typed all the same.
import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { useMay } from "@/api/session";

interface Props extends Omit<AutocompleteProps, "data" | "value" | "onChange"> {
  value: string;
  onChange: (value: string) => void;
}

const WAIT_MS = 200;
const OFFERED = 20;

export function ChooseModel({ value, onChange, ...rest }: Props) {
  const names = useNames(value.trim());
  return (
    <Autocomplete
      data={names}
      filter={({ options }) => options}
      autoComplete="off"
      spellCheck={false}
      value={value}
      onChange={onChange}
      {...rest}
    />
  );
}

// Names of models and aliases that have `word` in them.
export function useNames(word: string): string[] {
  const [q] = useDebouncedValue(word, WAIT_MS);
  const mayAliases = useMay("aliases.read");
  const { data = [] } = useQuery({
    queryKey: ["models", "names", q],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const query = { q, limit: OFFERED };
      const [found, aliases] = await Promise.all([
        told(api.GET("/api/v1/models", { params: { query }, signal })),
        mayAliases ? told(api.GET("/api/v1/aliases", { params: { query }, signal })) : { data: [] },
      ]);
      const names = [...aliases.data.map((one) => one.name), ...found.data.map((one) => one.id)];
      return [...new Set(names)];
    },
  });
  return data;
}
