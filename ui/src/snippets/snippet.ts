// What a snippet is made of, and how values stand in it so that no name breaks it.
export interface Given {
  // The gateway's address without a path, such as https://ai.example.org.
  base: string;
  key: string;
  model: string;
}

export interface Block {
  // Where it goes: a terminal, or a file of this path.
  file?: string;
  code: string;
}

export type Snippet = (given: Given) => Block[];

const PLAIN = /^[\w./:@%+=,-]+$/;

// A word as a POSIX shell takes it.
export function shell(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

// A text as JSON, JavaScript, Python and TOML take it.
export function quoted(text: string): string {
  return JSON.stringify(text);
}
