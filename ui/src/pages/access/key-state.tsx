// How it stands with a key: in use, soon over, stopped, or suspended until its program is heard of.
import { StateBadge } from "@/parts/state-badge";
import { access } from "@/texts/en/access";
import type { ShownKey } from "./key-draft";

const SOON_MS = 7 * 86_400_000;
const words = access.keys.states;

export function KeyState({ shown }: { shown: Pick<ShownKey, "enabled" | "expires_at" | "suspended" | "temporary"> }) {
  const left = shown.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(shown.expires_at) - Date.now();
  if (left <= 0) return <StateBadge state="stopped" word={words.expired} />;
  if (!shown.enabled) return <StateBadge state="stopped" word={words.disabled} />;
  if (shown.suspended) return <StateBadge state="soon" word={words.suspended} hint={access.keys.suspendedHint} />;
  // That a temporary key ends soon is what it is for.
  if (left < SOON_MS && !shown.temporary) return <StateBadge state="soon" word={words.soon} />;
  return <StateBadge state="ok" word={words.active} />;
}
