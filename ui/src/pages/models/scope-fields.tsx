// For whom an alias is: everybody, a team, or a person. Whoever is no administrator makes them for their own.
import { Group, Select } from "@mantine/core";
import { useReach, useSession } from "@/api/session";
import { aliases } from "@/texts/en/aliases";
import { ChooseTeam, ChooseUser } from "../access/fields";
import { scopeWords } from "./alias";

const words = aliases.form;
type Kind = keyof typeof words.scopes;

interface Props {
  scope: string;
  onChange: (scope: string) => void;
}

export function ScopeFields(props: Props) {
  return useReach("aliases.write") === "all" ? <AnyScope {...props} /> : <OwnScope {...props} />;
}

function AnyScope({ scope, onChange }: Props) {
  const kind = scope.split(":", 1)[0] as Kind;
  const name = scope.slice(kind.length + 1);
  const kinds = Object.entries(words.scopes).map(([value, label]) => ({ value, label }));
  return (
    <Group grow gap={12} align="flex-start">
      <Select
        label={words.scope}
        data={kinds}
        allowDeselect={false}
        value={kind}
        onChange={(next) => onChange(next === "global" ? "global" : `${next}:`)}
      />
      {kind === "team" ? (
        <ChooseTeam label={words.team} value={name} onChange={(team) => onChange(`team:${team}`)} />
      ) : kind === "user" ? (
        <ChooseUser label={words.user} value={name} onChange={(user) => onChange(`user:${user}`)} />
      ) : null}
    </Group>
  );
}

function OwnScope({ scope, onChange }: Props) {
  const scopes = useOwnScopes();
  const options = scopes.map((value) => ({ value, label: value.startsWith("user:") ? words.mine : scopeWords(value) }));
  return (
    <Select
      label={words.scope}
      data={options}
      allowDeselect={false}
      value={scope}
      onChange={(value) => value !== null && onChange(value)}
    />
  );
}

// The scopes in which somebody who is no administrator may make aliases.
export function useOwnScopes(): string[] {
  const session = useSession();
  const teams = session.administers.map((team) => `team:${team}`);
  return session.kind === "person" ? [`user:${session.name}`, ...teams] : teams;
}

// Whether whoever is signed in may change aliases of `scope`.
export function useMayChange(scope: string): boolean {
  const reach = useReach("aliases.write");
  const own = useOwnScopes();
  return reach === "all" || (reach !== "-" && own.includes(scope));
}
