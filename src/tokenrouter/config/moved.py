"""Addresses that were moved while the server ran: kept on this machine, since listeners are each machine's own.

A moved address counts as long as the configuration says what it said when it was moved. An operator who writes another
one has the last word, so nobody can be locked out by a move.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tokenrouter.config.settings import Notice, Settings

FILE_NAME: Final = "moved.json"
MOVABLE: Final = ("listen_addr", "tls.listen_addr")
"""Settings of addresses, by their path in the file."""


def address_of(settings: Settings, name: str) -> str:
    """Return the address that counts."""
    return settings.tls.listen_addr if name == "tls.listen_addr" else settings.listen_addr


def declared_address(settings: Settings, name: str) -> str:
    """Return the address that the configuration says, whether or not it was moved."""
    return settings.moved.get(name, address_of(settings, name))


def with_moved(settings: Settings) -> Settings:
    """Return `settings` with the addresses that were moved; those of which it says otherwise by now are told."""
    for name, moved in _read(settings.paths.state_dir).items():
        address, instead_of = moved.get("address"), moved.get("instead_of")
        if name not in MOVABLE or not isinstance(address, str):
            continue
        if instead_of == declared_address(settings, name):
            settings = moved_to(settings, name, address)
        else:
            told = f"{address}, to where it was moved at run time, is forgotten: the configuration says otherwise since"
            where = settings.origins.get(f"settings.{name}", "configuration")
            settings = replace(settings, notices=(*settings.notices, Notice(where, f"{name}: {told}")))
    return settings


def keep_moved(settings: Settings, name: str, address: str) -> Settings:
    """Note that `name` is at `address` from now on, and return the settings that say so.

    Raises:
        OSError: it cannot be written.
    """
    declared = declared_address(settings, name)
    kept = dict(_read(settings.paths.state_dir))
    kept.pop(name, None)
    if address != declared:
        kept[name] = {"address": address, "instead_of": declared}
    _write(settings.paths.state_dir, kept)
    return moved_to(settings, name, address)


def forget_overruled(settings: Settings) -> None:
    """Keep only the moves that count with `settings`: what was told to be forgotten is not to come back one day.

    Raises:
        OSError: it cannot be written.
    """
    kept = _read(settings.paths.state_dir)
    counting = {name: one for name, one in kept.items() if name in settings.moved}
    if counting != kept:
        _write(settings.paths.state_dir, counting)


def moved_to(settings: Settings, name: str, address: str) -> Settings:
    """Return settings of which `name` is at `address`, whatever is declared."""
    declared = declared_address(settings, name)
    moved = {**settings.moved, name: declared}
    if address == declared:
        del moved[name]
    if name == "tls.listen_addr":
        return replace(settings, tls=replace(settings.tls, listen_addr=address), moved=moved)
    return replace(settings, listen_addr=address, moved=moved)


def _read(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return what is kept; a file that is damaged keeps nothing."""
    try:
        kept = json.loads((folder / FILE_NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: one for name, one in kept.items() if isinstance(one, dict)} if isinstance(kept, dict) else {}


def _write(folder: Path, kept: Mapping[str, Mapping[str, Any]]) -> None:
    fresh = folder / f"{FILE_NAME}.new"
    fresh.write_text(json.dumps(kept), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(folder / FILE_NAME)
