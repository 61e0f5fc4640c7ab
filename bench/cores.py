"""Which part of a run has which core.

A proxy is judged by what one core of it can do, so nothing else may run on that core. Everything below
is inherited over `fork`, so whatever starts inside `pinned` stays where it was put.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CorePlan:
    """Cores by purpose; `note` says in words what is shared on a small machine.

    Attributes:
        proxy: nginx's worker or the gateway's data process, alone where that is possible.
        upstream: the static provider.
        load: wrk, or one of our generators.
        beside: the gateway's control process and supervisor, and the program that drives the run.
        every: all of them, for what a user would not pin.
    """

    proxy: int
    upstream: int
    load: int
    beside: int
    every: tuple[int, ...]
    note: str


def plan_cores(available: list[int]) -> CorePlan:
    """Give each part a core of its own as far as `available` (non-empty) goes; the proxy comes first."""
    every = tuple(available)
    match available:
        case [only]:
            return CorePlan(only, only, only, only, every, "one core for everything: the ratios say little")
        case [first, second]:
            note = f"core {first} proxy; core {second} upstream, load and control process together"
            return CorePlan(first, second, second, second, every, note)
        case [first, second, third]:
            note = f"core {first} proxy; core {second} upstream; core {third} load and control process together"
            return CorePlan(first, second, third, third, every, note)
        case [first, second, third, fourth, *_]:
            note = f"core {first} proxy; core {second} upstream; core {third} load; core {fourth} control process"
            return CorePlan(first, second, third, fourth, every, note)
    raise ValueError("no core is available")


def available_cores() -> list[int]:
    """Return the cores this process may use, lowest first."""
    return sorted(os.sched_getaffinity(0))


@contextmanager
def pinned(*cores: int) -> Iterator[None]:
    """Keep this process, and all it starts meanwhile, on `cores`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
