// Settings as the server tells of them: kind, bounds and words are its own, so this knows no single setting.
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/api/client";
import { stale } from "@/api/queries";
import type { components } from "@/api/schema";
import { settings as words } from "@/texts/en/settings";

export type Setting = components["schemas"]["Setting"];
export type Value = string | number | boolean | string[] | number[];
export type Group = keyof typeof words.groups;
export type Show = keyof typeof words.shows;

export const GROUPS = Object.keys(words.groups) as Group[];
export const SHOWS = Object.keys(words.shows) as Show[];

export function useSettings() {
  return useQuery({
    queryKey: ["settings", "list"],
    queryFn: async () => (await told(api.GET("/api/v1/settings"))).data,
  });
}

// Changes one setting; the server says in words what cannot be.
export async function changeSetting(name: string, value: Value): Promise<void> {
  await told(api.PATCH("/api/v1/settings", { body: { [name]: value } }));
  await stale("settings");
}

export async function resetSetting(name: string): Promise<Setting> {
  const setting = await told(api.DELETE("/api/v1/settings/{name}", { params: { path: { name } } }));
  await stale("settings");
  return setting;
}

const IS_SHOWN: Readonly<Record<Show, (setting: Setting) => boolean>> = {
  all: () => true,
  changeable: (setting) => setting.changeable,
  changed: (setting) => setting.overridden,
  declared: (setting) => setting.origin !== "default",
};

export function found(settings: readonly Setting[], q: string, show: Show): Setting[] {
  const word = q.trim().toLowerCase();
  return settings.filter(
    (one) => IS_SHOWN[show](one) && `${one.name} ${one.about} ${words.groups[one.group]}`.toLowerCase().includes(word),
  );
}

// A value as people read it: `80, 100 %`, `15 s`, `on`.
export function valueText(setting: Setting, value: unknown): string {
  if (setting.kind === "secret") return value === "" ? words.notSet : words.set;
  if (typeof value === "boolean") return value ? words.on : words.off;
  const text = Array.isArray(value) ? value.join(", ") : String(value ?? "");
  if (text === "") return words.none;
  const unit = words.units[setting.unit];
  return unit ? `${text} ${unit}` : text;
}
