// Text that somebody else has written: names, prompts, answers, log lines. It stays text: signs that a terminal would
// obey are written out, writing from right to left ends with it, and a word without an end breaks the word, not the page.
import classes from "./foreign.module.css";

// Control signs, but for tabs and line breaks; and those that turn the order of letters round.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f\u202d\u202e]/g;

// Returns `text` with such signs written out: `\x1b`, `\u202e`.
export function legible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNSEEN, (sign) => {
    const code = sign.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

export function Foreign({ text }: { text: string }) {
  return <bdi className={classes.foreign}>{legible(text)}</bdi>;
}

// Several lines as they are, in letters of one width.
export function ForeignLines({ text, label }: { text: string; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className={classes.lines} tabIndex={0} aria-label={label}>
      <bdi>{legible(text)}</bdi>
    </section>
  );
}
