"""The policies that are compared, as an operator would write them."""

from typing import Final

from bench.routing.simulate import MODEL, Policy
from tokenrouter.domain.alias_text import read_alias

NAME: Final = "any"
_ALL: Final = tuple(f"{name}/{MODEL}" for name in "abc")


def _through(name: str, **fields: object) -> Policy:
    values = {"name": NAME, "targets": list(_ALL), "sticky": False, **fields}
    return Policy(name, NAME, read_alias(values))


POLICIES: Final = (
    Policy("no alias: `a` alone", f"a/{MODEL}"),
    _through("ordered", selection="ordered"),
    _through("weighted", selection="weighted"),
    _through("weighted, sticky", selection="weighted", sticky=True),
    _through("least_busy", selection="least_busy"),
    _through("fastest", selection="fastest"),
    _through("fastest, sticky", selection="fastest", sticky=True),
    _through("cheapest", selection="cheapest"),
    _through("ordered, hedged", selection="ordered", hedge=True),
    _through("weighted, hedged", selection="weighted", hedge=True),
    _through("fastest, hedged", selection="fastest", hedge=True),
)
