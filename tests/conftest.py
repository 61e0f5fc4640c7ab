"""What many tests need: homes, ports and the real programs, each ended when its test ends."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests import pebble
from tests.handing_out import GROUPED, HandingOut
from tokenrouter.store.migrate import migrate
from tokenrouter.testing import processes
from tokenrouter.testing.postgres import NoPostgres, PostgresServer
from tokenrouter.testing.processes import GatewayProcess, Home, SandboxProcess, make_home
from tokenrouter.testing.valkey import NoValkey, ValkeyServer

settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")  # how fast a machine is decides no test


LONGEST_ID = 100


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Shells have what they start in the background ignore Ctrl-C, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class StartGateway(Protocol):
    """Starts one more gateway; every call has a home of its own unless one is given."""

    def __call__(
        self,
        config: str = "",
        *,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        home: Home | None = None,
    ) -> GatewayProcess: ...


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty installation, and an environment that names it and no provider's key."""
    return make_home(tmp_path)


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    return processes.free_port()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The sandbox provider as a program of its own, one for each test process."""
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, env=make_home(folder).env) as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL, one for each test process; a test makes a database of its own in it."""
    server = PostgresServer()
    try:
        server.open()
    except NoPostgres as reason:
        pytest.skip(str(reason))
    with closing(server):
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey, one for each test process; a test empties it before it begins, and leaves it running."""
    server = ValkeyServer()
    try:
        server.open()
    except NoValkey as reason:
        pytest.skip(str(reason))
    with closing(server):
        yield server


@pytest.fixture(scope="session")
def needs_pebble() -> None:
    """Skips where there is no Pebble, with a summary that says so; CI does not let that pass."""
    if not pebble.is_installed():
        reason = "pebble is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables, which nobody has open."""
    file = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[StartGateway]:
    """A function that starts `torod serve` with a configuration's text and returns when it serves.

    Where no home is given, the tables are there already, as at every start but the first: to make them is a process
    more, for which every test would wait. `first_start` and tests with a `home` begin with nothing: there, no key can
    be in a database, and a wrong one is told so at once; here it is told to come again until the keys are read.
    """
    with _starting(tmp_path_factory, empty_database) as start:
        yield start


@pytest.fixture(scope="module")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[StartGateway]:
    """As `gateway`, for one that all tests of a module ask, none of which minds what the others have done."""
    with _starting(tmp_path_factory, empty_database) as start:
        yield start


@contextmanager
def _starting(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[StartGateway]:
    with ExitStack() as running:

        def start(
            config: str = "",
            *,
            args: Sequence[str] = (),
            env: Mapping[str, str] | None = None,
            home: Home | None = None,
        ) -> GatewayProcess:
            place = home or _home_with_tables(tmp_path_factory.mktemp("gateway"), empty_database)
            return running.enter_context(GatewayProcess(place, config, args=args, env=env))

        yield start


@pytest.fixture
def home_with_tables(tmp_path: Path, empty_database: Path) -> Home:
    """As `home`, for those who would have its tables made before they begin."""
    return _home_with_tables(tmp_path, empty_database)


def _home_with_tables(folder: Path, database: Path) -> Home:
    home = make_home(folder)
    data = home.path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(database, data / "tokenrouter.db")  # with its mode
    return home


@pytest.fixture(scope="session")
def sandbox_config(sandbox: SandboxProcess) -> str:
    """The text of a configuration whose one provider, `sandbox`, is the session's sandbox."""
    return f"""
[[providers]]
name = "sandbox"
provider_type = "sandbox"
base_url = "{sandbox.base_url}"
api_key = "sandbox"
"""


def pytest_collection() -> None:
    """Look for no garbage while tests are collected: there is next to none, and much that would be looked through."""
    gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one process run all tests that share what their module makes; each of several would make it anew."""
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("xdist_group") is None and _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def _shares(item: pytest.Function) -> bool:
    return any(found[-1].scope == "module" for found in item._fixtureinfo.name2fixturedefs.values())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> HandingOut | None:
    """Hand tests out cheaply; another `--dist` than that of `make test` is left to pytest-xdist."""
    return HandingOut(config, log) if config.getvalue("dist") == GROUPED else None


def pytest_collection_finish() -> None:
    """Leave what was collected out of every later look for garbage: it stays to the end, and each look took seconds."""
    gc.freeze()
    gc.enable()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Call a test by the name of a long argument: keys and certificates are others in every process that runs tests."""
    return argname if isinstance(val, str | bytes) and len(val) > LONGEST_ID else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly when a whole part of the product was not looked at."""
    if any("chromium is not installed" in str(report.longrepr) for report in terminalreporter.getreports("skipped")):
        terminalreporter.section("THE ADMIN UI WAS NOT TESTED", red=True)
        terminalreporter.line("There is no chromium here. Debian, Ubuntu: apt install chromium; then make test again.")
    if any("pebble is not installed" in str(report.longrepr) for report in terminalreporter.getreports("skipped")):
        terminalreporter.section("CERTIFICATES OF AN AUTHORITY WERE NOT TESTED", red=True)
        terminalreporter.line("There is no Pebble here. Debian, Ubuntu: apt install pebble; then make test again.")
