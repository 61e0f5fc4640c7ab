// Gemini CLI wants its way of signing in in a file, whatever the environment says (docs/clients.md).
import { type Snippet, shell } from "./snippet";

export const geminiCli: Snippet = ({ base, key, model }) => [
  { file: "~/.gemini/settings.json", code: '{"security": {"auth": {"selectedType": "gemini-api-key"}}}' },
  {
    code: [
      `export GOOGLE_GEMINI_BASE_URL=${shell(base)}`,
      `export GEMINI_API_KEY=${shell(key)}`,
      `gemini -m ${shell(model)}`,
    ].join("\n"),
  },
];
