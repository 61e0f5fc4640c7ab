"""Whether the control plane answers in time with many keys and a long ledger, and leaves the data plane alone.

A gateway is started on a database that is filled beforehand. Then every list, search and sum is asked for through its
own API, over and over; and the data plane is asked at a fixed rate, once while nothing else happens and once while the
same questions are asked beside.
"""

import http.client
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from bench import paced, procfs
from bench.bodies import AUTHORIZATION
from bench.cores import CorePlan
from bench.figures import Asked, Control, Latency, percentile
from bench.key_rows import fill_keys
from bench.ledger_rows import RARE_MODEL, fill, row_id
from bench.options import Length
from bench.processes import RunFailed
from bench.targets import Setup, Target, Upstream, gateway
from tokenrouter.store.engine import open_store
from tokenrouter.store.migrate import migrate

ADMIN: Final = {"Authorization": "Bearer tr_bench-admin-0123456789-0123456789"}
SETUP: Final = Setup(
    "control",
    below="""
[[incoming_tokens]]
name = "admin"
role = "admin"
key = "tr_bench-admin-0123456789-0123456789"
""",
)
ANSWER_S: Final = 30.0
RATE: Final = 200.0
"""Requests a second of the data plane: a tenth of what it can do, so that what disturbs it shows."""
QUESTIONS: Final[Mapping[str, str]] = {
    "keys: the first page": "/api/v1/keys",
    "keys: a page of 1,000": "/api/v1/keys?limit=1000",
    "keys: one team": "/api/v1/keys?team=team%207",
    "keys: administrators": "/api/v1/keys?role=admin&origin=database",
    "keys: disabled": "/api/v1/keys?state=disabled",
    "keys: a search that finds one": "/api/v1/keys?q=pupil%204711",
    "keys: a search that finds none": "/api/v1/keys?q=nobody%20has%20this",
    "keys: one by its name": "/api/v1/keys/pupil%20711",
    "keys: the first page with figures": "/api/v1/keys?figures=true",
    "users: the first page": "/api/v1/users",
    "users: the first page with figures": "/api/v1/users?figures=true",
    "users: a search that finds one": "/api/v1/users?q=user4711@",
    "teams: the first page": "/api/v1/teams",
    "audit": "/api/v1/audit",
    "conversations": "/api/v1/conversations",
    "limits": "/api/v1/limits",
    "limits: how it stands with each": "/api/v1/limits?use=true",
    "search for anything": "/api/v1/search?q=pupil%204711",
    "search for what is nowhere": "/api/v1/search?q=nobody%20has%20this",
    "my own page": "/api/v1/me",
    "aliases": "/api/v1/aliases",
    "ledger: the newest rows": "/api/v1/ledger",
    "ledger: one key": "/api/v1/ledger?key=key_7",
    "ledger: one team, one model": "/api/v1/ledger?team=team%207&model=model%208",
    "ledger: a rare model": f"/api/v1/ledger?model={RARE_MODEL}",
    "ledger: one address": "/api/v1/ledger?ip=192.0.2.7",
    "ledger: an error that never was": "/api/v1/ledger?error=never",
    "ledger: what failed": "/api/v1/ledger?status=failed",
    "ledger: a status that never was": "/api/v1/ledger?status=4xx",
    "ledger: nothing was so slow": "/api/v1/ledger?min_latency_ms=1000000",
    "ledger: a search for an id": f"/api/v1/ledger?q={row_id(7)}",
    "ledger: a search that finds much": "/api/v1/ledger?q=team%207",
    "ledger: a search that finds none": "/api/v1/ledger?q=nothing",
    "usage: by key, 30 days": "/api/v1/usage?by=key&from=2026-11-01",
    "usage: by model, a year": "/api/v1/usage?by=model",
    "usage: by day, one team": "/api/v1/usage?by=day&team=team%207",
    "usage: by day, all": "/api/v1/usage?by=day",
    "usage: by day and model, a year": "/api/v1/usage?by=day&then=model&from=2025-12-01",
    "usage: by day and key, one team": "/api/v1/usage?by=day&then=key&team=team%207",
    "usage: half a month and the one before": "/api/v1/usage?by=team&from=2025-12-15&to=2025-12-31&compare=previous",
    "activity: 8 hours": "/api/v1/activity",
    "activity: a day by key": "/api/v1/activity?range=86400&group=key",
    "activity: 30 hours by address": "/api/v1/activity?range=108000&group=ip",
    "activity: a week by model": "/api/v1/activity?range=604800",
    "activity: 30 days by team": "/api/v1/activity?range=2592000&group=team",
    "activity: a year by model": "/api/v1/activity?range=31622400",
    "activity: a year by key": "/api/v1/activity?range=31622400&group=key",
    "activity: a year by address": "/api/v1/activity?range=31622400&group=ip",
    "activity: a year, one team": "/api/v1/activity?range=31622400&team=team%207",
    "activity: a year, one model": "/api/v1/activity?range=31622400&group=key&provider=provider%201&model=model%207",
    "activity: a year, one person": "/api/v1/activity?range=31622400&user=user%207",
    "activity: a year, one address": "/api/v1/activity?range=31622400&ip=192.0.2.7",
}
EXPORT: Final = "ledger: CSV of 100,000 rows, its first byte"
EXPORT_ROWS: Final = 100_000
"""Rows of an export that are read, the newest; who goes away then ends it."""


def fill_home(home: Path, length: Length) -> None:
    """Make the database of a gateway whose home this is, before it starts."""
    data = home / "data"
    data.mkdir(mode=0o700, parents=True)
    url = f"sqlite:///{data / 'tokenrouter.db'}"
    migrate(url)
    with closing(open_store(url)) as store:
        fill(store, length.control_rows)
        fill_keys(store, length.control_keys)


def measure(plan: CorePlan, upstream: Upstream, folder: Path, length: Length) -> Control:
    """Return how long each answer took, and the data plane without and with these questions beside.

    Raises:
        RunFailed: a question was not answered with 200, or the gateway did not start.
    """
    folder.mkdir()
    fill_home(folder / SETUP.name, length)
    with gateway(plan, upstream, folder, SETUP) as target:
        asked = [_ask_often(target, name, path, length.control_asked) for name, path in QUESTIONS.items()]
        asked += _export(target.port)
        quiet, quiet_us = _pace(target, plan, length)
        with _Asking(target):
            busy, busy_us = _pace(target, plan, length)
    return Control(length.control_rows, length.control_keys, asked, quiet, busy, quiet_us, busy_us)


def _pace(target: Target, plan: CorePlan, length: Length) -> tuple[Latency, float]:
    """Return answer times of the data plane at a fixed rate, and its CPU per request in microseconds."""
    before_s = procfs.cpu_s(target.pid)
    found = paced.measure(target, 0.3, RATE, length.control_s, plan.load)
    spent_s = procfs.cpu_s(target.pid) - before_s
    return found, spent_s * 1e6 / (RATE * (length.control_s + paced.WARM_UP_S))


def _ask_often(target: Target, name: str, path: str, times: int) -> Asked:
    taken_ms = sorted(_ask(target.port, path) for _ in range(times))
    return Asked(name, percentile(taken_ms, 0.5), percentile(taken_ms, 0.95), taken_ms[-1])


def _ask(port: int, path: str) -> float:
    """Return how many milliseconds an answer took, until its last byte."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
    begun_s = time.perf_counter()
    try:
        connection.request("GET", path, headers={**AUTHORIZATION, **ADMIN})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise RunFailed(f"{path}: {error}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise RunFailed(f"{path} was answered with {answer.status}")
    return (time.perf_counter() - begun_s) * 1e3


def _export(port: int) -> list[Asked]:
    """Return how long it took until an export of the ledger began, and until so many rows had come."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
    begun_s = time.perf_counter()
    with closing(connection):
        connection.request("GET", "/api/v1/ledger?format=csv", headers={**AUTHORIZATION, **ADMIN})
        answer = connection.getresponse()
        answer.read(1)
        first_ms = (time.perf_counter() - begun_s) * 1e3
        rows = sum(1 for _, _ in zip(range(EXPORT_ROWS), answer, strict=False))
        all_ms = (time.perf_counter() - begun_s) * 1e3
    if answer.status != 200:
        raise RunFailed(f"the export was answered with {answer.status}")
    print(f"{rows} rows of CSV in {all_ms:.0f} ms")
    return [Asked(EXPORT, first_ms, first_ms, first_ms)]


class _Asking:
    """Asks one question after the other in a thread of its own, until the block ends."""

    def __init__(self, target: Target) -> None:
        self._port = target.port
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._failed: RunFailed | None = None

    def __enter__(self) -> "_Asking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                for path in QUESTIONS.values():
                    _ask(self._port, path)
        except RunFailed as failure:
            self._failed = failure
