"""A process's log as the settings want it, and the secrets that must never stand in it."""

from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from tokenrouter.config.settings import Settings
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.observe.log_files import FOLDER, LogBounds, LogFiles
from tokenrouter.observe.logging import ProcessLog, configure_logging


def start_log(settings: Settings, process: str) -> ProcessLog:
    """Begin to say and keep what `process` says."""
    bounds = LogBounds(settings.logs.max_lines, settings.logs.max_bytes)
    return configure_logging(
        settings.log_level,
        settings.log_format,
        process,
        kept=LogFiles(settings.paths.state_dir / FOLDER, process, bounds),
        kept_level=settings.logs.level,
        secrets=secrets_in(settings, Catalog()),
    )


def secrets_in(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """Yield every secret that is known by its value: of the file, the environment, and the providers of `catalog`."""
    yield from (key.key for key in settings.keys)
    yield from (settings.encryption_key, settings.admin_password, settings.metrics_token)
    yield from settings.report_keys.values()
    for hook in settings.alerts.webhooks:
        yield from (hook.secret, hook.url)
    if settings.alerts.email is not None:
        yield settings.alerts.email.password
    yield from (one.client_secret for one in settings.oidc)
    yield from (value for _, value in settings.otel.headers)
    yield from (value for name, value in settings.otel.environ if name.endswith("HEADERS"))
    yield from _passwords((settings.database_url, settings.redis_url, *settings.proxies.values()))
    for provider in (*settings.providers, *catalog.providers):
        yield from _of_provider(provider)


def _of_provider(provider: Provider) -> Iterator[str]:
    yield from (one.secret for one in provider.credentials if one.secret)
    yield from provider.headers.values()
    yield from _passwords((provider.base_url,))


def _passwords(urls: Iterable[str]) -> Iterator[str]:
    """Yield the passwords that stand in addresses, as they stand there and as they are meant."""
    for url in urls:
        try:
            password = urlsplit(url).password
        except ValueError:
            continue
        if password:
            yield from (password, unquote(password))
