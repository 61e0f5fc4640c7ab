"""Which reader reads which source, and what a person may give as one: files, folders, URLs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final

from tokenrouter.imports.classroom import read_classroom
from tokenrouter.imports.dotenv import variables_beside
from tokenrouter.imports.found import Found, SourceKind, SourceUnreadable
from tokenrouter.imports.litellm import read_litellm
from tokenrouter.imports.litellm_config import LitellmConfig, read_config
from tokenrouter.imports.llm_proxy import read_llm_proxy
from tokenrouter.imports.one_api import read_one_api
from tokenrouter.imports.tables import Tables, open_tables, source_path
from tokenrouter.imports.tokenrouter_go import read_tokenrouter_go
from tokenrouter.imports.tokentracer import read_tokentracer

CONFIG_NAMES: Final = ("config.yaml", "config.yml")
DATABASE_NAMES: Final[Mapping[SourceKind, tuple[str, ...]]] = {
    "llm-proxy": ("llm_proxy.db",),
    "classroom": ("data/tokenrouter.db", "tokenrouter.db"),
    "one-api": ("one-api.db", "data/one-api.db"),
}
"""What a folder is looked through for."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What else a reader may have to know.

    Attributes:
        encryption_key: TokenTracer's `ENCRYPTION_KEY`, or "".
        zone: of times that name none.
        environ: what `os.environ/NAME` and `env:NAME` point into.
    """

    now_s: float
    encryption_key: str = field(default="", repr=False)
    zone: tzinfo = UTC
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


@contextmanager
def read_source(kind: SourceKind, sources: Sequence[str], options: SourceOptions) -> Iterator[Found]:
    """Yield what the sources hold; they are open until the end, since history is read when it is written.

    Raises:
        SourceUnreadable: a source is not there, cannot be read, or is another program's.
    """
    match kind:
        case "tokenrouter-go":
            yield read_tokenrouter_go([source_path(source) for source in sources], options.environ)
        case "litellm":
            with _litellm(sources, options) as found:
                yield found
        case _:
            if len(sources) != 1:
                raise SourceUnreadable("give one source: a database file, its folder, a dump, or a postgresql:// URL")
            with _open(_database(kind, sources[0]), options) as tables:
                yield _READERS[kind](tables, _file(sources[0], kind), options)


Reader = Callable[[Tables, Path | None, SourceOptions], Found]
_READERS: Final[Mapping[SourceKind, Reader]] = {
    "llm-proxy": lambda tables, file, _: read_llm_proxy(tables, file),
    "classroom": lambda tables, file, _: read_classroom(tables, file),
    "tokentracer": lambda tables, _, options: read_tokentracer(
        tables, encryption_key=options.encryption_key, now_s=options.now_s
    ),
    "one-api": lambda tables, _file, _options: read_one_api(tables),
}


@contextmanager
def _litellm(sources: Sequence[str], options: SourceOptions) -> Iterator[Found]:
    configs = [path for source in sources if (path := _config_file(source)) is not None]
    databases = [source for source in sources if "://" in source]
    if len(configs) > 1 or len(databases) > 1 or len(configs) + len(databases) != len(sources):
        raise SourceUnreadable("give a config.yaml (or its folder), a postgresql:// URL, or both")
    config = LitellmConfig()
    if configs:
        config = read_config(configs[0], {**variables_beside(configs[0]), **options.environ})
    if not databases:
        yield read_litellm(None, config)
        return
    with _open(databases[0], options) as tables:
        yield read_litellm(tables, config)


def _config_file(source: str) -> Path | None:
    if "://" in source:
        return None
    path = source_path(source)
    if path.is_dir():
        return next((path / name for name in CONFIG_NAMES if (path / name).is_file()), None)
    return path


@contextmanager
def _open(source: str, options: SourceOptions) -> Iterator[Tables]:
    tables = open_tables(source, zone=options.zone)
    try:
        yield tables
    finally:
        tables.close()


def _database(kind: SourceKind, source: str) -> str:
    """Return the database behind a source: a folder is looked through for it."""
    file = _file(source, kind)
    return source if file is None else str(file)


def _file(source: str, kind: SourceKind) -> Path | None:
    """Return the file of a source, None for a URL."""
    if source.startswith(("postgresql", "postgres:")):
        return None
    path = source_path(source)
    if not path.is_dir():
        return path
    names = DATABASE_NAMES.get(kind, ())
    found = next((path / name for name in names if (path / name).is_file()), None)
    if found is None:
        raise SourceUnreadable(f"there is no {' or '.join(names) or 'database'} in {path}")
    return found
