"""How long the pages of the admin UI take in a browser, over a large database, with two cores for server and browser.

A gateway is started on a database that is filled beforehand. Then each page is opened in Chromium, by somebody who has
never been there (every file is loaded) and once more by the same: until its heading and its first rows and figures are
there and nothing keeps a place for what is to come. At last the data plane is asked at a fixed rate, without and with
people looking at the page Status.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from playwright.sync_api import Error as BrowserError

from bench import cores, paced
from bench.bodies import AUTHORIZATION, PATH, request_body
from bench.cores import CorePlan
from bench.figures import Latency, Pages, Shown, percentile
from bench.key_rows import fill_keys
from bench.ledger_rows import fill
from bench.options import Length
from bench.processes import ROOT, RunFailed, ask
from bench.targets import Setup, Target, Upstream, gateway
from tokenrouter.store.engine import open_store
from tokenrouter.store.migrate import migrate
from tokenrouter.store.sessions import SessionOwner, begin_session
from tokenrouter.store.users import NewUser, create_user

USERS: Final = 1_000
TEAMS: Final = 50
MODELS: Final = 500
DASHBOARDS: Final = 20
RATE: Final = 200.0
"""Requests a second of the data plane: a tenth of what it can do, so that what disturbs it shows."""
WAIT_MS: Final = 30_000
QUIET_MS: Final = 400
"""So long a page must have nothing more to come: what a chart needs is loaded after the page."""
SETUP: Final = Setup(
    "ui",
    below=f"""
[conversations]
capture = ["global"]

[[providers]]
name = "many"
provider_type = "openai-compatible"
base_url = "http://127.0.0.1:9/v1"
api_key = "sk-bench-provider"
models = {[f"model-{number}" for number in range(MODELS)]}
""",
)
WATCH: Final = """(() => {
  let settled = false;
  window.settledAt = null;
  const look = () => {
    const waits = document.querySelector(".mantine-Skeleton-root, [aria-busy=true]") !== null;
    const now = document.querySelector("h1") !== null && !waits;
    if (now !== settled) window.settledAt = now ? performance.now() : null;
    settled = now;
  };
  const options = { subtree: true, childList: true, attributes: true, attributeFilter: ["class", "aria-busy"] };
  new MutationObserver(look).observe(document, options);
})()"""
"""Notes when a page has last come to rest, in milliseconds from the beginning of the navigation."""


def paths() -> dict[str, str]:
    """Return the pages by name, as the UI has them."""
    return dict(re.findall(r'name: "(.+)",\s+path: "(.+)"', (ROOT / "ui/src/pages.ts").read_text()))


def fill_home(home: Path, length: Length) -> str:
    """Make the database of a gateway whose home this is, before it starts; return the cookie of its owner."""
    data = home / "data"
    data.mkdir(mode=0o700, parents=True)
    url = f"sqlite:///{data / 'tokenrouter.db'}"
    migrate(url)
    with closing(open_store(url)) as store:
        fill(store, length.ui_rows)
        fill_keys(store, length.ui_keys, users=USERS, teams=TEAMS)
        user = create_user(store, NewUser("Olga", "olga@example.org", "owner"), now_s=time.time())
        owner = SessionOwner("person", user.id)
        return begin_session(store, owner, way="password", address="127.0.0.1", agent="bench", now_s=time.time())


def measure(plan: CorePlan, upstream: Upstream, folder: Path, length: Length) -> Pages:
    """Return how long each page took, and the data plane without and with people looking.

    Raises:
        RunFailed: there is no chromium, a page did not come to rest, or the gateway did not start.
    """
    folder.mkdir()
    cookie = fill_home(folder / SETUP.name, length)
    with gateway(plan, upstream, folder, SETUP) as target:
        _converse(target.port, length.ui_conversations)
        _wait_for_pages(target.port)
        with _browser(plan.proxy, plan.beside) as browser:
            shown = [_visit_often(browser, target.port, cookie, *page, length.ui_visits) for page in paths().items()]
        quiet = _pace(target, plan, length)
        with _browser(plan.beside) as browser, _watched(browser, target.port, cookie):
            watched = _pace(target, plan, length)
    return Pages(length.ui_rows, length.ui_keys, MODELS, DASHBOARDS, shown, quiet, watched)


def _pace(target: Target, plan: CorePlan, length: Length) -> Latency:
    return paced.measure(target, 0.3, RATE, length.control_s, plan.load)


@contextmanager
def _browser(*on_cores: int) -> Iterator[Browser]:
    """Run Chromium: for pages on the two cores that the gateway has, else on none that a request passes."""
    program = shutil.which("chromium")
    if program is None:
        raise RunFailed("chromium is not installed")
    # As root, chromium starts without its sandbox or not at all; in containers shared memory is small.
    options = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with ExitStack() as running:
        with cores.pinned(*on_cores):
            playwright = running.enter_context(sync_playwright())
            browser = playwright.chromium.launch(executable_path=program, args=options)
        running.callback(browser.close)
        yield browser


def _converse(port: int, conversations: int) -> None:
    """Ask so many questions that nobody has asked before: each begins a conversation."""
    plain = request_body("bench/small", 300)
    headers = {**AUTHORIZATION, "Content-Type": "application/json"}
    for number in range(conversations):
        body = re.sub(rb'"content": ?"', b'"content":"Question %d: ' % number, plain, count=1)
        status, _ = ask(port, "POST", PATH, headers, body)
        if status != 200:
            raise RunFailed(f"a question was answered with {status}")


def _wait_for_pages(port: int) -> None:
    """The control process tells of what the questions were before anybody looks."""
    deadline_s = time.monotonic() + WAIT_MS / 1000
    while ask(port, "GET", "/admin")[0] != 200:
        if time.monotonic() > deadline_s:
            raise RunFailed("there are no pages")
        time.sleep(0.1)


def _visit_often(browser: Browser, port: int, cookie: str, name: str, path: str, times: int) -> Shown:
    visits = [_visit(browser, port, cookie, path) for _ in range(times)]
    cold, warm = (sorted(taken) for taken in zip(*visits, strict=True))
    print(f"{name}: cold {percentile(cold, 0.5):.0f} ms, warm {percentile(warm, 0.5):.0f} ms", flush=True)
    return Shown(name, percentile(cold, 0.5), cold[-1], percentile(warm, 0.5), warm[-1])


def _visit(browser: Browser, port: int, cookie: str, path: str) -> tuple[float, float]:
    """Return how many milliseconds a page took that was never visited, and then again."""
    with closing(_window(browser, port, cookie)) as window:
        window.add_init_script(WATCH)
        return _settled_ms(window, path), _settled_ms(window, path)


def _window(browser: Browser, port: int, cookie: str) -> BrowserContext:
    origin = f"http://127.0.0.1:{port}"
    window = browser.new_context(base_url=origin, viewport={"width": 1440, "height": 900})
    window.add_cookies([{"name": "tokenrouter_session", "value": cookie, "url": origin, "sameSite": "Strict"}])
    return window


def _settled_ms(window: BrowserContext, path: str) -> float:
    page = window.new_page()
    try:
        page.goto(f"/admin{path}", timeout=WAIT_MS)
        deadline_s = time.monotonic() + WAIT_MS / 1000
        while time.monotonic() < deadline_s:
            settled_ms: float | None = page.evaluate("window.settledAt")
            page.wait_for_timeout(QUIET_MS)
            if settled_ms is not None and page.evaluate("window.settledAt") == settled_ms:
                return settled_ms
    except BrowserError as error:
        raise RunFailed(f"/admin{path}: {error}") from None
    finally:
        page.close()
    raise RunFailed(f"/admin{path} did not come to rest")


@contextmanager
def _watched(browser: Browser, port: int, cookie: str) -> Iterator[None]:
    """Let so many people look at the page Status, each in a window of their own."""
    with ExitStack() as open_windows:
        for _ in range(DASHBOARDS):
            window = _window(browser, port, cookie)
            open_windows.callback(window.close)
            page = window.new_page()
            page.goto("/admin/status", timeout=WAIT_MS)
            page.locator("h1").first.wait_for(timeout=WAIT_MS)
        yield
