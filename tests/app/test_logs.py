from dataclasses import replace
from pathlib import Path

from tokenrouter.app.logs import secrets_in
from tokenrouter.config.load import load
from tokenrouter.domain.catalog import Catalog

FILE = """
metrics_token = "secret-metrics"
redis_url = "redis://:secret%2Dredis@127.0.0.1:6379/0"
[[providers]]
name = "acme"
base_url = "http://127.0.0.1:9/v1"
api_keys = ["secret-first", "secret-second"]
headers = { x-team = "secret-header" }
[[incoming_tokens]]
name = "alice"
key = "secret-key-of-alice"
[[alerts.webhooks]]
url = "https://hooks.test/secret-path"
secret = "secret-of-the-webhook"
[alerts.email]
host = "mail.test"
from = "a@b.test"
to = ["c@d.test"]
user = "ann"
password = "secret-mail"
[otel]
endpoint = "http://127.0.0.1:4318"
headers = { authorization = "secret-collector" }
"""


def test_every_secret_of_the_settings_and_of_the_catalog_is_known(tmp_path: Path) -> None:
    (tmp_path / "torod.toml").write_text(FILE)
    environ = {
        "TOKENROUTER_HOME": str(tmp_path),
        "ENCRYPTION_KEY": "secret-encryption",
        "ADMIN_PASSWORD": "secret-admin",
        "DATABASE_URL": "postgresql://ann:secret-db@db.test/x",
        "OTEL_EXPORTER_OTLP_HEADERS": "x=secret-otel",
    }
    settings = load(config=None, environ=environ)
    stored = replace(settings.providers[0], name="stored", secret="secret-of-the-database", other_secrets=())

    known = "\n".join(secrets_in(settings, Catalog(providers=(stored,))))

    names = "metrics redis first second header key-of-alice path of-the-webhook mail collector encryption admin db otel"
    for name in (*names.split(), "of-the-database"):
        assert f"secret-{name}" in known
