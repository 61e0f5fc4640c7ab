// Eight colours for what is compared, the same for the same name in every chart and at every visit.
//
// Both rows were searched for: the nearest two of a row are 0.10 apart in OKLab for people who see all colours and for
// those who do not see red, green or blue (Machado et al., 2009); each has 3.1:1 or more against its grounds (WCAG 2.2,
// 1.4.11). Plain green, amber and red are not among them, because those mean ok, soon and stopped.
import { useComputedColorScheme } from "@mantine/core";

export type Scheme = "light" | "dark";

// A colour by its number, and how it is drawn: names that share a colour in a chart differ by their pattern.
export interface Look {
  colour: number;
  pattern: number;
}

const COLOURS: Readonly<Record<Scheme, readonly string[]>> = {
  light: ["#5c55d5", "#418ad1", "#0b5058", "#d6638b", "#933d08", "#7b8522", "#5e058d", "#4a545d"],
  dark: ["#6e6bed", "#37a3f1", "#7df6ee", "#f771a0", "#be5128", "#d9cc7e", "#975ca9", "#a1c3f5"],
};
const REST: Readonly<Record<Scheme, string>> = { light: "#7d8596", dark: "#858ca1" };
const SURFACE: Readonly<Record<Scheme, string>> = { light: "#ffffff", dark: "#1d212d" };

// Full, striped across and upright: more than 3 names of a colour among the 9 of a chart are rare enough to share.
const PATTERNS = 3;
const DASHES: readonly (number[] | undefined)[] = [undefined, [8, 4], [2, 3]];

// What is left when the largest have been taken out; no name of a model or key is this one.
export const OTHER = "\u0000other";

const REST_LOOK: Look = { colour: -1, pattern: 0 };

export function useScheme(): Scheme {
  return useComputedColorScheme("light", { getInitialValueInEffect: false });
}

// Gives each name its look. Of those that share a colour the first of the alphabet is drawn full, so that the order in
// which they are shown does not matter.
export function looksOf(names: readonly string[]): Look[] {
  const taken = new Map<number, number>();
  const looks = new Map<string, Look>([[OTHER, REST_LOOK]]);
  for (const name of [...names].sort()) {
    if (looks.has(name)) continue;
    const colour = hashOf(name) % COLOURS.light.length;
    const sharing = taken.get(colour) ?? 0;
    taken.set(colour, sharing + 1);
    looks.set(name, { colour, pattern: sharing % PATTERNS });
  }
  return names.map((name) => looks.get(name) ?? REST_LOOK);
}

export function colourOf(look: Look, scheme: Scheme): string {
  return COLOURS[scheme][look.colour] ?? REST[scheme];
}

export function surfaceOf(scheme: Scheme): string {
  return SURFACE[scheme];
}

export function dashOf(look: Look): number[] | undefined {
  return DASHES[look.pattern];
}

// The same as the areas of a chart, for the square beside a name.
export function swatchOf(look: Look, scheme: Scheme): string {
  const colour = colourOf(look, scheme);
  if (look.pattern === 0) return colour;
  const angle = look.pattern === 1 ? 135 : 90;
  return `repeating-linear-gradient(${angle}deg, ${colour} 0 4px, ${SURFACE[scheme]} 4px 5.5px)`;
}

// FNV-1a: short, well spread, and the same in every browser.
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}
