// What a model is asked with beside the words.
import type { Options } from "./chat-stream";

export interface Settings {
  system: string;
  stream: boolean;
  temperature: number | null;
  maxTokens: number | null;
  tools: string;
}

export const USUAL: Settings = { system: "", stream: true, temperature: null, maxTokens: null, tools: "" };

// Returns the options, or null where the tools are no list as JSON has it.
export function optionsOf(settings: Settings): Options | null {
  const { stream, temperature, maxTokens } = settings;
  if (settings.tools.trim() === "") return { stream, temperature, maxTokens, tools: null };
  try {
    const tools: unknown = JSON.parse(settings.tools);
    return Array.isArray(tools) ? { stream, temperature, maxTokens, tools } : null;
  } catch {
    return null;
  }
}
