"""Homes of people who use these programs with somebody else's server, and want to go on doing so.

Whatever a program finds here leads to a port where nobody listens, so a run that heeds any of it fails.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.clients.programs import NOBODY, Place

_CODEX: Final = f"""\
# mine
model = "gpt-mine"
model_provider = "mine"
openai_base_url = "{NOBODY}/v1"

[model_providers.mine]
name = "Mine"
base_url = "{NOBODY}/v1"
env_key = "MINE_KEY"
wire_api = "responses"

[model_providers.tokenrouter]
name = "An older try"
base_url = "{NOBODY}/v1"
env_key = "MINE_KEY"
query_params = {{older = "yes"}}
"""
_CLAUDE: Final = f"""\
{{"env": {{"ANTHROPIC_BASE_URL": "{NOBODY}", "ANTHROPIC_AUTH_TOKEN": "mine", "ANTHROPIC_API_KEY": "mine",
          "ANTHROPIC_MODEL": "claude-mine", "CLAUDE_CODE_USE_BEDROCK": "1"}},
 "apiKeyHelper": "echo mine", "model": "opus"}}
"""
_CLAUDE_LOGIN: Final = """\
{"claudeAiOauth": {"accessToken": "sk-ant-oat01-mine", "refreshToken": "sk-ant-ort01-mine",
                   "scopes": ["user:inference"], "expiresAt": 4102444800000, "subscriptionType": "max"}}
"""
_GEMINI: Final = """\
{
  // I sign in as myself
  "security": {"auth": {"selectedType": "oauth-personal"}},
  "model": {"name": "gemini-mine"},
}
"""
_GEMINI_ENV: Final = f"""\
GOOGLE_GEMINI_BASE_URL={NOBODY}
GEMINI_API_KEY=mine
GEMINI_MODEL=gemini-mine
GOOGLE_GENAI_USE_VERTEXAI=true
"""
_OPENCODE: Final = f"""\
{{"model": "mine/a", "small_model": "mine/a", "enabled_providers": ["mine"], "disabled_providers": ["tokenrouter"],
 "provider": {{"mine": {{"npm": "@ai-sdk/openai-compatible", "models": {{"a": {{}}}},
                       "options": {{"baseURL": "{NOBODY}/v1", "apiKey": "mine"}}}}}}}}
"""
_AIDER: Final = f"""\
model: openai/mine
weak-model: openai/mine
openai-api-base: {NOBODY}/v1
openai-api-key: mine
set-env:
  - OPENAI_API_BASE={NOBODY}/v1
api-key:
  - openai=mine
"""
_AT_HOME: Final = {
    ".codex/config.toml": _CODEX,
    ".codex/work.config.toml": 'model = "gpt-work"\nmodel_provider = "mine"\n',
    ".claude/settings.json": _CLAUDE,
    ".claude/.credentials.json": _CLAUDE_LOGIN,
    ".gemini/settings.json": _GEMINI,
    ".gemini/.env": _GEMINI_ENV,
    ".config/opencode/opencode.json": _OPENCODE,
    ".config/git/config": "[user]\n\tname = Me\n",
    ".local/share/opencode/auth.json": '{"openai": {"type": "api", "key": "mine"}}',
    ".aider.conf.yml": _AIDER,
}
_AT_WORK: Final = {
    "opencode.json": _OPENCODE,
    ".env": f"OPENAI_API_KEY=mine\nOPENAI_API_BASE={NOBODY}/v1\n",
    ".claude/settings.json": _CLAUDE,
}
LOGIN: Final = {
    "oauthAccount": {"emailAddress": "me@example.com"},
    "hasCompletedOnboarding": True,
    "mcpServers": {"mine": {"type": "stdio", "command": "true", "args": []}},
}
"""Of Claude Code's own notebook, which it writes into at every start: these must stay as they are."""
VARIABLES: Final = {
    "OPENAI_API_KEY": "mine",
    "OPENAI_BASE_URL": f"{NOBODY}/v1",
    "ANTHROPIC_BASE_URL": NOBODY,
    "ANTHROPIC_API_KEY": "mine",
    "CLAUDE_CODE_USE_VERTEX": "1",
    "GOOGLE_GEMINI_BASE_URL": NOBODY,
    "GOOGLE_API_KEY": "mine",
    "GEMINI_MODEL": "gemini-mine",
    "OPENCODE_CONFIG_CONTENT": '{"model": "mine/a"}',
}
_KEY: Final = re.compile(rb"tr_[A-Za-z0-9_-]{20,}")


def settle(place: Place) -> Mapping[Path, str]:
    """Write the settings of somebody who lives in `place`, and return what must stay as it is."""
    written = {place.home / name: text for name, text in _AT_HOME.items()}
    written |= {place.work / name: text for name, text in _AT_WORK.items()}
    for file, text in written.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return written


def files_with_a_key(folder: Path) -> Iterator[Path]:
    """Yield the files in which one of the gateway's keys was left behind."""
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink() and _KEY.search(file.read_bytes()):
            yield file
