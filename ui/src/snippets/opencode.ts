// opencode takes a provider of one's own from its file (docs/clients.md).
import type { Snippet } from "./snippet";

export const opencode: Snippet = ({ base, key, model }) => {
  const settings = {
    $schema: "https://opencode.ai/config.json",
    provider: {
      tokenrouter: {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `${base}/v1`, apiKey: key },
        models: { [model]: {} },
      },
    },
    model: `tokenrouter/${model}`,
    small_model: `tokenrouter/${model}`,
  };
  return [{ file: "opencode.json", code: JSON.stringify(settings, null, 2) }, { code: "opencode" }];
};
