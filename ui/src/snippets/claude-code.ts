// Claude Code speaks Anthropic Messages: the address without a path (docs/clients.md).
import { type Snippet, shell } from "./snippet";

export const claudeCode: Snippet = ({ base, key, model }) => [
  {
    code: [
      `export ANTHROPIC_BASE_URL=${shell(base)}`,
      `export ANTHROPIC_AUTH_TOKEN=${shell(key)}`,
      `export ANTHROPIC_MODEL=${shell(model)}`,
      "export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
      "claude",
    ].join("\n"),
  },
];
