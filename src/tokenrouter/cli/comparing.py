"""What a server has of its configuration, beside what the configuration says now; for `torod config` and `doctor`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenrouter.cli.opening import fail, load_settings

if TYPE_CHECKING:
    from tokenrouter.app.running import RunningServer
    from tokenrouter.config.applied import Applied
    from tokenrouter.config.differences import Change
    from tokenrouter.config.outline import Outline
    from tokenrouter.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides.

    Attributes:
        server: the one that runs on this state folder, or None.
        applied: what it, or else the last one, has taken in; None when nobody ever did.
        settings: what the configuration says now, read as the server would read it.
        wanted: their outline; `changes` lead there from what is applied.
        notes: what else should be known of the comparison.
    """

    server: "RunningServer | None"
    applied: "Applied | None"
    settings: "Settings"
    wanted: "Outline"
    changes: "tuple[Change, ...]"
    notes: tuple[str, ...] = ()


def compare(config: str | None, *, error_code: int = 1) -> Compared:
    """Read the configuration, and compare it with what the running server has, or the last one had."""
    from tokenrouter.config.differences import differences
    from tokenrouter.config.load import unconfigured
    from tokenrouter.config.outline import outline_of

    server, applied = find_applied(config)
    environ, notes = server_environment(server, applied)
    overrides = {"listen_addr": applied.listen_addr} if applied is not None and applied.listen_addr else {}
    named = config or (applied.config if applied is not None and server is not None else None)
    settings = load_settings(named, overrides, environ=environ, error_code=error_code)
    key = _key(settings, is_needed=applied is not None)
    wanted = outline_of(settings, key)
    before = applied.outline if applied is not None else outline_of(unconfigured(settings.paths), key)
    changes = differences(before, wanted)
    return Compared(server, applied, settings, wanted, tuple(changes), notes)


def find_applied(config: str | None) -> "tuple[RunningServer | None, Applied | None]":
    """Return the server of this installation, and what was applied last."""
    from tokenrouter.app.running import find_server
    from tokenrouter.config.applied import read_applied
    from tokenrouter.config.paths import find_paths
    from tokenrouter.config.problems import ConfigErrors

    try:
        state_dir = find_paths(os.environ, config).state_dir
        return find_server(state_dir), read_applied(state_dir)
    except ConfigErrors as error:
        fail(str(error))
    except OSError as error:
        fail(
            f"it cannot be told whether a server runs: {error.filename}: {error.strerror}; be the user that it runs as"
        )


def server_environment(
    server: "RunningServer | None", applied: "Applied | None"
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the environment in which the server reads its configuration, as far as it can be known."""
    from tokenrouter.app.running import CONTROL, SUPERVISOR, environment_of

    if server is None or applied is None:
        return os.environ, ()
    found = environment_of(applied.pid, CONTROL) or environment_of(server.pid, SUPERVISOR)
    if found is None:
        return os.environ, ("the server's environment cannot be seen, so variables are those of this shell",)
    return found, ()


def _key(settings: "Settings", *, is_needed: bool) -> bytes:
    """Return what seals secrets; an installation that has applied nothing has no secret yet, and gets none here."""
    from tokenrouter.config.keyfile import key_file, load_or_create_secret, outline_key

    if not is_needed or not (settings.encryption_key or key_file(settings).exists()):
        return b"nothing to compare with"
    try:
        return outline_key(load_or_create_secret(settings))
    except (OSError, ValueError) as error:
        fail(str(error))


def change_rows(changes: "tuple[Change, ...]") -> list[dict[str, Any]]:
    """Return changes for programs."""
    return [
        {
            "act": one.act,
            "kind": one.kind,
            "name": one.name,
            "needs_restart": one.needs_restart,
            "fields": [{"name": name, "before": before, "after": after} for name, before, after in one.fields],
        }
        for one in changes
    ]
