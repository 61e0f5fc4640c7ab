// Fields that choose a subject of the installation: the server is asked for what is typed, so that ten thousand people
// are as quick as ten.
import { Select, TagsInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/api/client";
import { access } from "@/texts/en/access";

const WAIT_MS = 200;
const OFFERED = 30;
const words = access.form;

interface FieldProps {
  label: string;
  hint?: string;
  // "" is nobody.
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  disabled?: boolean;
}

type Asked = (q: string) => Promise<string[]>;

// `kind` stands in the key of the question; `fixed` are all that can be chosen, where that is known.
function ChooseName({ kind, ask, label, hint, value, onChange, ...rest }: FieldProps & { kind: string; ask: Asked }) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed === value ? "" : typed.trim(), WAIT_MS);
  const { data = [] } = useQuery({
    queryKey: [kind, "names", q],
    queryFn: () => ask(q),
    placeholderData: keepPreviousData,
  });
  return (
    <Select
      label={label}
      description={hint}
      data={value !== "" && !data.includes(value) ? [value, ...data] : data}
      value={value || null}
      onChange={(chosen) => onChange(chosen ?? "")}
      searchable
      clearable
      onSearchChange={setTyped}
      // What the server found stands in other fields too (an e-mail address): it is not filtered again.
      filter={({ options }) => options}
      nothingFoundMessage={words.nothingFound}
      {...rest}
    />
  );
}

export function ChooseUser(props: FieldProps) {
  const ask: Asked = async (q) =>
    (await told(api.GET("/api/v1/users", { params: { query: { q, limit: OFFERED } } }))).data.map((user) => user.name);
  return <ChooseName kind="users" ask={ask} {...props} />;
}

export function ChooseTeam(props: FieldProps) {
  const ask: Asked = async (q) =>
    (await told(api.GET("/api/v1/teams", { params: { query: { q, limit: OFFERED } } }))).data.map((team) => team.name);
  return <ChooseName kind="teams" ask={ask} {...props} />;
}

export function ChooseKey(props: FieldProps) {
  const ask: Asked = async (q) =>
    (await told(api.GET("/api/v1/keys", { params: { query: { q, limit: OFFERED } } }))).data.map((key) => key.name);
  return <ChooseName kind="keys" ask={ask} {...props} />;
}

interface ListProps {
  label: string;
  hint: string;
  value: string[];
  onChange: (value: string[]) => void;
  offered?: string[];
}

export function ListField({ label, hint, value, onChange, offered = [] }: ListProps) {
  return (
    <TagsInput
      label={label}
      description={hint}
      value={value}
      onChange={onChange}
      data={offered}
      splitChars={[",", " ", "\n"]}
      acceptValueOnBlur
      limit={OFFERED}
    />
  );
}
