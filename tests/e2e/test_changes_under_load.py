"""What an operator changes while requests run: the next ones follow it, those that run end where they began.

Every request of the load is looked at: none may fail. That a switch of profiles counts at once is a test of
`test_aliases.py`.
"""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.conftest import StartGateway
from tests.e2e.hostile.asking import Asker
from tests.e2e.hostile.wire import Wire, chunked, head
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e

ASKERS = 2
PATIENCE_S = 60.0
ALIAS = """
[[aliases]]
name = "best"
targets = [{targets}]
"""


def provider(base_url: str, name: str, *, enabled: bool = True) -> str:
    lines = f'[[providers]]\nname = "{name}"\napi_key = "k"\nbase_url = "{base_url}"\n'
    return f'{lines}models = ["lorem-10"]\nenabled = {str(enabled).lower()}\n'


def alias(*targets: str) -> str:
    return ALIAS.format(targets=", ".join(targets))


@dataclass(frozen=True)
class Done:
    """One request of the load; `begun_s` by the steady clock, `place` is the provider that answered."""

    begun_s: float
    status: int
    place: str
    is_whole: bool


@dataclass
class Load:
    """What was asked and answered so far."""

    done: list[Done] = field(default_factory=list)

    def places(self, since_s: float = 0.0) -> set[str]:
        """Return who answered what was begun since then."""
        return {one.place for one in list(self.done) if one.begun_s >= since_s}

    def went_on(self, since_s: float) -> Callable[[], bool]:
        """Return whether each asker has been answered since then, some twice."""
        return lambda: len([one for one in list(self.done) if one.begun_s >= since_s]) >= 2 * ASKERS


@contextmanager
def load_on(running: GatewayProcess, model: str = "best") -> Iterator[Load]:
    """Ask for `model` all the time, whole and streamed in turn; afterwards see that nothing of it has failed."""
    load, over = Load(), threading.Event()

    def ask_on(first: int) -> None:
        asker = Asker(running.address, running.key)
        for number in itertools.count(first):
            if over.is_set():
                break
            begun_s, stream = time.monotonic(), number % 2 == 1
            answer = asker.ask("chat", model, stream=stream)
            is_whole = answer.body.endswith(b"data: [DONE]\n\n") if stream else b'"finish_reason":"stop"' in answer.body
            load.done.append(Done(begun_s, answer.status, answer.headers.get("x-tokenrouter-provider", ""), is_whole))
        asker.close()

    askers = [threading.Thread(target=ask_on, args=(number,)) for number in range(ASKERS)]
    for one in askers:
        one.start()
    try:
        yield load
    finally:
        over.set()
        for one in askers:
            one.join()
    assert len(load.done) > ASKERS
    assert not [one for one in load.done if one.status != 200 or not one.is_whole]


@contextmanager
def a_stream_under_way(running: GatewayProcess, wire: Wire) -> Iterator[None]:
    """Have a stream of the provider `wire` run all the while, and see that it comes to its end afterwards."""
    begun, goes_on, ended = threading.Event(), threading.Event(), []

    def pieces() -> Iterator[bytes]:
        yield head("text/event-stream", "transfer-encoding: chunked") + chunked(chunk("be"), last=False)[0]
        goes_on.wait(PATIENCE_S)
        yield b"".join(chunked(chunk("gun"), chunk("", "stop"), b"data: [DONE]\n\n"))

    def ask() -> None:
        asker = Asker(running.address, running.key)
        ended.append(asker.ask("chat", "wire/m", stream=True, begun=begun.set))
        asker.close()

    wire.lay_all(pieces(), ending="stay")
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert begun.wait(PATIENCE_S)
        yield
        assert not ended
    finally:
        goes_on.set()
        asking.join()
    (answer,) = ended
    assert answer.headers["x-tokenrouter-provider"] == "wire"
    assert answer.body == chunk("be") + chunk("gun") + chunk("", "stop") + b"data: [DONE]\n\n"


def chunk(content: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c", "choices": [choice]}).encode() + b"\n\n"


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A provider whose answers wait for the test."""
    with Wire() as running:
        yield running


def reconfigure(running: GatewayProcess, changes: Mapping[str, str]) -> None:
    """Have the file changed and read again."""
    text = running.config_file.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    running.config_file.write_text(text)
    running.reload()


def test_a_provider_that_is_removed_ends_what_it_began_and_gets_nothing_new(
    gateway: StartGateway, sandbox: SandboxProcess, wire: Wire
) -> None:
    one, held = provider(sandbox.base_url, "one"), provider(wire.origin, "wire")
    running = gateway(one + held + provider(sandbox.base_url, "two") + alias('"one/lorem-10"', '"two/lorem-10"'))
    with load_on(running) as load:
        wait_until("the load to begin", load.went_on(0.0), PATIENCE_S)
        assert load.places() == {"one"}
        with a_stream_under_way(running, wire):
            moved_s = move(running, load, {one: "", held: "", '"one/lorem-10", ': ""}, "two")
        wait_until("the load to go on", load.went_on(moved_s), PATIENCE_S)
        assert load.places(moved_s) == {"two"}
    listed = running.call("GET", "/v1/models").json()["data"]
    assert not {model["id"] for model in listed} & {"one/lorem-10", "wire/lorem-10"}


def test_a_provider_may_be_disabled_and_enabled_again(
    gateway: StartGateway, sandbox: SandboxProcess, wire: Wire
) -> None:
    on, off = (
        provider(sandbox.base_url, "one", enabled=is_on) + provider(wire.origin, "wire", enabled=is_on)
        for is_on in (True, False)
    )
    running = gateway(on + provider(sandbox.base_url, "two") + alias('"one/lorem-10"', '"two/lorem-10"'))
    with load_on(running) as load:
        with a_stream_under_way(running, wire):
            moved_s = move(running, load, {on: off}, "two")
        wait_until("the load to go on", load.went_on(moved_s), PATIENCE_S)
        assert load.places(moved_s) == {"two"}
        moved_s = move(running, load, {off: on}, "one")
        wait_until("the load to go on", load.went_on(moved_s), PATIENCE_S)
        assert load.places(moved_s) == {"one"}


def move(running: GatewayProcess, load: Load, changes: Mapping[str, str], place: str) -> float:
    """Make `changes` and return when requests that begin now are answered at `place`."""
    changed_s = time.monotonic()
    reconfigure(running, changes)
    wait_until("the other place", lambda: place in load.places(changed_s), PATIENCE_S)
    return time.monotonic()
