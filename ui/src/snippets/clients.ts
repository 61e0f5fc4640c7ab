// The programs that have a snippet, in the order in which they are offered.
import type { snippets } from "@/texts/en/snippets";
import { claudeCode } from "./claude-code";
import { codex } from "./codex";
import { curl } from "./curl";
import { geminiCli } from "./gemini-cli";
import { node } from "./node";
import { opencode } from "./opencode";
import { python } from "./python";
import type { Snippet } from "./snippet";

export type ClientName = keyof typeof snippets.clients;

export const CLIENTS: Readonly<Record<ClientName, Snippet>> = {
  curl,
  python,
  node,
  claudeCode,
  codex,
  geminiCli,
  opencode,
};
