"""What an alias says of its conduct, as people write it: fields beside its others (pure)."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from tokenrouter.domain.conduct import USUAL, Conduct
from tokenrouter.domain.said import Said

CONDUCT_FIELDS: Final = tuple(one.name for one in fields(Conduct))
NUMBER_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "deadline_s": (0.0, 3600.0),
    "hedge_after_s": (0.0, 600.0),
    "hedge_percent": (0.0, 100.0),
    "min_tokens_per_s": (0.0, 10_000.0),
    "probe_s": (0.1, 60.0),
}
"""The least and the most that each number may be; what is no number is true or false."""


def read_conduct(said: Said) -> Conduct:
    """Return the conduct among the fields of an alias; mistakes are noted there."""
    read: dict[str, Any] = {}
    for name, usual in asdict(USUAL).items():
        ends = NUMBER_RANGES.get(name)
        read[name] = said.flag(name, default=usual) if ends is None else said.number(name, usual, *ends)
    return Conduct(**read)


def conduct_fields(conduct: Conduct) -> dict[str, object]:
    """Return what `read_conduct` reads back as `conduct`."""
    return asdict(conduct)


def said_of(conduct: Conduct) -> dict[str, object]:
    """Return the fields in which `conduct` is not as usual: what is to be kept, should the usual change."""
    usual = asdict(USUAL)
    return {name: value for name, value in asdict(conduct).items() if value != usual[name]}
