// All words of the UI. English stands in `en/`, a file per page, loaded with the page. Another language is one file in
// `languages/` with the same names, as many of them as are translated; it is loaded before anything is shown.
export type Text = string | ((...values: never[]) => string);
export interface Texts {
  readonly [name: string]: Text | Texts;
}
export type Translation = Readonly<Record<string, Texts>>;

const LANGUAGES: Readonly<Record<string, () => Promise<{ translation: Translation }>>> = {};
const REMEMBERED = "tokenrouter.language";

let translation: Translation = {};

// Loads the language that was chosen, or the browser's; English needs nothing.
export async function loadLanguage(): Promise<void> {
  const wanted = localStorage.getItem(REMEMBERED) ?? navigator.language;
  const load = LANGUAGES[wanted] ?? LANGUAGES[wanted.slice(0, 2)];
  if (load === undefined) return;
  translation = (await load()).translation;
  document.documentElement.lang = wanted;
}

// Returns the texts of a page in the language that is loaded; what is not translated stays English.
export function textsOf<English extends Texts>(page: string, english: English): English {
  const translated = translation[page];
  return translated === undefined ? english : (merged(english, translated) as English);
}

function merged(english: Texts, translated: Texts): Texts {
  const parts = Object.entries(english).map(([name, text]) => {
    const other = translated[name];
    if (other === undefined) return [name, text];
    const nested = typeof text === "object" && typeof other === "object";
    return [name, nested ? merged(text, other) : other];
  });
  return Object.fromEntries(parts);
}
