// Whose limit it is: a name, found as one types; what is not found may be typed all the same.
import { Autocomplete } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { quota } from "@/texts/en/quota";

const words = quota.create;
type Kind = keyof typeof words.subject;

const WAIT_MS = 200;
const SCOPES = { key: "keys", user: "users", team: "teams", provider: "providers", model: "models", alias: "aliases" };

interface Props {
  kind: Kind;
  value: string;
  onChange: (value: string) => void;
}

export function SubjectField({ kind, value, onChange }: Props) {
  const [word] = useDebouncedValue(value.trim(), WAIT_MS);
  const found = useQuery({
    queryKey: [kind === "ip" ? "keys" : SCOPES[kind], "named", kind, word],
    queryFn: () => told(api.GET("/api/v1/search", { params: { query: { q: word } } })),
    enabled: kind !== "ip" && word !== "",
    placeholderData: (before) => before,
  });
  const names = (found.data?.data ?? []).filter((one) => one.kind === kind).map((one) => one.name);
  return (
    <Autocomplete
      data-autofocus
      label={words.subject[kind]}
      required
      data={[...new Set(names)]}
      filter={({ options }) => options}
      value={value}
      onChange={onChange}
    />
  );
}
