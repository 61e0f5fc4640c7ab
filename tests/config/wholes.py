"""A configuration with everything in it that can be secret, for tests of what is shown and kept of one."""

from dataclasses import replace
from pathlib import Path

from tokenrouter.config.load import load
from tokenrouter.config.settings import Settings
from tokenrouter.domain.guardrails import HookSetting

TEXT = """
metrics_token = "hidden-metrics-token"
admin_api_key = "hidden-admin-key-0123456789"
incoming_api_keys = ["hidden-legacy-key-0123456789"]
database_url = "postgresql://me:hidden-password@db.test/tokenrouter"
redis_url = "redis://:hidden-redis@cache.test:6379/0"

[cache]
ttl_s = 60

[[providers]]
name = "acme"
provider_type = "openai"
base_url = "http://127.0.0.1:9/v1"
api_keys = ["hidden-first", "hidden-second"]
report_key = "hidden-report"
headers = { x-team = "hidden-header" }
model_mapping = { small = "acme-small" }

[[incoming_tokens]]
name = "alice"
key = "hidden-alice-key-0123456789"

[[limits]]
scope = "key:alice"
metric = "cost_usd"
window = "day"
amount = 1.5

[[aliases]]
name = "fast"
targets = ["acme/small"]

[[prices]]
provider = "acme"
model = "small"
input_per_1m = 0.15
output_per_1m = 0.6

[[alerts.webhooks]]
url = "https://hooks.test/hidden-path"
secret = "hidden-hook-secret-0123456789"

[alerts.email]
host = "mail.test"
from = "gateway@mail.test"
to = ["me@mail.test"]
user = "me"
password = "hidden-mail-password"

[otel]
endpoint = "http://collector.test:4318"
headers = { authorization = "hidden-otel" }
"""
ENVIRONMENT = {"ENCRYPTION_KEY": "hidden-encryption-key", "ADMIN_PASSWORD": "hidden-admin-password"}


def whole(folder: Path, text: str = TEXT, **env: str) -> Settings:
    """Return the settings of `text` in a home of their own."""
    (folder / "torod.toml").write_text(text)
    settings = load(config=None, environ={"TOKENROUTER_HOME": str(folder), **ENVIRONMENT, **env})
    return replace(settings, hooks=(HookSetting("theirs", options={"token": "hidden-option"}),))
