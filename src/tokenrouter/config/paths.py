"""Where configuration, state and caches lie (XDG folders, or all below `TOKENROUTER_HOME`)."""

from collections.abc import Mapping
from pathlib import Path

from tokenrouter.config.problems import ConfigErrors, Problem
from tokenrouter.config.settings import Paths


def find_paths(environ: Mapping[str, str], config: str | None) -> Paths:
    """Return this installation's paths. A file in the current folder is never picked up by itself.

    `config` and `$TOKENROUTER_CONFIG` name a file that must exist (checked when it is read).

    Raises:
        ConfigErrors: a path names the home of nobody, or one that cannot be looked at.
    """
    own = environ.get("TOKENROUTER_HOME")
    if own:
        base = _user_path(own, "$TOKENROUTER_HOME")
        default, state, cache = base / "torod.toml", base / "data", base / "cache"
    else:
        home = _user_path(environ.get("HOME") or "~", "$HOME")
        default = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "tokenrouter" / "torod.toml"
        state = Path(environ.get("XDG_DATA_HOME") or home / ".local/share") / "tokenrouter"
        cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "tokenrouter"
    named = config or environ.get("TOKENROUTER_CONFIG")
    chosen = _user_path(named, "--config" if config else "$TOKENROUTER_CONFIG") if named else default
    return Paths(
        config_file=chosen if named or _is_file(chosen) else None,
        default_config_file=default,
        state_dir=state,
        cache_dir=cache,
    )


def dotenv_file(environ: Mapping[str, str], paths: Paths) -> Path | None:
    """Return the `.env` file that is read: `$TOKENROUTER_ENV_FILE`, else the one beside the configuration file.

    Raises:
        ConfigErrors: as `find_paths`.
    """
    named = environ.get("TOKENROUTER_ENV_FILE")
    if named:
        return _user_path(named, "$TOKENROUTER_ENV_FILE")
    beside = (paths.config_file or paths.default_config_file).with_name(".env")
    return beside if _is_file(beside) else None


def _user_path(text: str, where: str) -> Path:
    """Return an absolute path, `~` and `~user` resolved."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        message = f"{text!r} cannot be resolved: it is the home folder of nobody"
        raise ConfigErrors([Problem(where, "", message, "write the whole path")]) from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise ConfigErrors([Problem(str(path), "", f"cannot be read: {error.strerror}")]) from None


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file: `NAME=value` lines, `export` and quotes allowed, `#` comments.

    Raises:
        OSError: it cannot be read.
        ValueError: a line is no assignment; the message names the line.
    """
    values = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        stripped = line.strip().removeprefix("export ")
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ValueError(f"{path.name}:{number}: is no NAME=value line")
        values[name.strip()] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()
