// A key as it is written in a form, and what the server is told of it.
import type { components } from "@/api/schema";
import { type Expiry, endOf, isTemporary, localTime } from "./expiry";
import type { WantedLimit } from "./limit-rows";

export type ShownKey = components["schemas"]["ShownKey"];
type NewKey = components["schemas"]["NewKey"];
type ChangedKey = components["schemas"]["ChangedKey"];
export type Role = ShownKey["role"];
// As the list tells it: with what belongs to it and what it used this month.
export type ListedKey = components["schemas"]["ListedKey"];

// What can be said of a key when it is made and later.
export interface KeyRights {
  models: string[];
  expiry: Expiry;
  // A field of local time, for the expiry "custom".
  custom: string;
  ips: string[];
  comment: string;
  passthrough: boolean;
  allowUnpriced: boolean;
  clamp: boolean;
  unpriced: ShownKey["unpriced"];
  unboundedInput: ShownKey["unbounded_input"];
  cache: ShownKey["cache"];
}

export interface KeyDraft extends KeyRights {
  name: string;
  role: Role;
  user: string;
  team: string;
  parent: string;
  ownKey: string;
  limits: WantedLimit[];
}

export const EMPTY_DRAFT: KeyDraft = {
  name: "",
  role: "inferrer",
  user: "",
  team: "",
  parent: "",
  ownKey: "",
  limits: [],
  models: [],
  expiry: "never",
  custom: "",
  ips: [],
  comment: "",
  passthrough: false,
  allowUnpriced: false,
  clamp: true,
  unpriced: "",
  unboundedInput: "",
  cache: "",
};

export function rightsOf(key: ShownKey): KeyRights {
  return {
    models: key.allowed_models,
    expiry: key.expires_at === null ? "never" : "custom",
    custom: key.expires_at === null ? "" : localTime(key.expires_at),
    ips: key.allowed_ips,
    comment: key.comment,
    passthrough: key.passthrough,
    allowUnpriced: key.allow_unpriced,
    clamp: key.clamp,
    unpriced: key.unpriced,
    unboundedInput: key.unbounded_input,
    cache: key.cache,
  };
}

export function newKeyBody(draft: KeyDraft): NewKey {
  const below = draft.parent !== "";
  return {
    ...rightsBody(draft),
    name: draft.name.trim(),
    role: draft.role,
    key: draft.ownKey === "" ? null : draft.ownKey,
    parent: below ? draft.parent : null,
    // Both come from the key above it.
    team: below ? "" : draft.team,
    user: below ? "" : draft.user,
    temporary: isTemporary(draft.expiry),
  };
}

// Only what is another than before is said: what somebody may not change is then not asked for.
export function changesOf(before: ShownKey, rights: KeyRights): ChangedKey {
  const after: Record<string, unknown> = rightsBody(rights);
  // The field of local time knows no seconds: an end that nobody touched stays as it is.
  if (rights.custom === rightsOf(before).custom && rights.expiry === rightsOf(before).expiry) delete after.expires_at;
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof ShownKey]),
  );
  return Object.fromEntries(changed);
}

function rightsBody(rights: KeyRights) {
  return {
    allowed_models: rights.models,
    expires_at: endOf(rights.expiry, rights.custom),
    allowed_ips: rights.ips,
    comment: rights.comment,
    passthrough: rights.passthrough,
    allow_unpriced: rights.allowUnpriced,
    clamp: rights.clamp,
    unpriced: rights.unpriced,
    unbounded_input: rights.unboundedInput,
    cache: rights.cache,
  };
}
