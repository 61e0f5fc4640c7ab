// How it stands with a person: let in, without a way to sign in, or disabled.
import { StateBadge } from "@/parts/state-badge";
import { access } from "@/texts/en/access";
import type { Person } from "./people";

const words = access.people.states;

export function PersonState({ person }: { person: Pick<Person, "enabled" | "signs_in_with"> }) {
  if (!person.enabled) return <StateBadge state="stopped" word={words.disabled} />;
  if (person.signs_in_with.length === 0) return <StateBadge state="unknown" word={words.noSignIn} />;
  return <StateBadge state="ok" word={words.active} />;
}

export function TeamState({ enabled }: { enabled: boolean }) {
  return <StateBadge state={enabled ? "ok" : "stopped"} word={enabled ? words.active : words.disabled} />;
}
