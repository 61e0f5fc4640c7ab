// Codex speaks Responses, and takes its provider from a file only (docs/clients.md).
import { quoted, type Snippet, shell } from "./snippet";

export const codex: Snippet = ({ base, key, model }) => [
  {
    file: "~/.codex/config.toml",
    code: [
      `model = ${quoted(model)}`,
      'model_provider = "tokenrouter"',
      "",
      "[model_providers.tokenrouter]",
      'name = "TokenRouter"',
      `base_url = ${quoted(`${base}/v1`)}`,
      'env_key = "TOKENROUTER_KEY"',
      'wire_api = "responses"',
    ].join("\n"),
  },
  { code: `export TOKENROUTER_KEY=${shell(key)}\ncodex` },
];
