"""An installation as the control process would put it together, with a clock that tests set."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.routing import BaseRoute

from tests.admin.built_ui import build_ui
from tests.store.entries import NOON_US
from tokenrouter.admin.app import create_app
from tokenrouter.admin.state import ControlState
from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import KeySetting, Paths, Settings
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.prices import Price
from tokenrouter.jobs.catalog_builder import build_catalog
from tokenrouter.jobs.explanations import RouteAnswer, RouteQuestion
from tokenrouter.jobs.limit_use import LimitFigures
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.stored_configuration import join_configuration, read_stored
from tokenrouter.signin.passwords import Passwords
from tokenrouter.store.aliases import chosen_profile, list_aliases
from tokenrouter.store.capture_rules import list_capture_rules
from tokenrouter.store.engine import Store
from tokenrouter.store.keys import list_keys
from tokenrouter.store.limits import list_limits
from tokenrouter.store.teams import list_teams
from tokenrouter.store.users import list_users

PEPPER = b"pepper"
LIGHT = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
ROOT_KEY = "tr_root-key-of-the-file-0123456789"
MASTER_KEY = "tr_master-key-of-the-file-0123456789"
ALICE_KEY = "tr_alice-key-of-the-file-0123456789"
PROVIDER_SECRET = "sk-provider-secret-0123456789"
METRICS_TOKEN = "metrics-token-0123456789"
ADMIN_PASSWORD = "correct horse battery staple"

TOKENS = Limit("key:alice|tokens|lifetime", "key:alice", "tokens", Window("lifetime"), 1000, origin="torod.toml:20")
BUDGET = Limit("team:*|cost_usd|month", "team:*", "cost_usd", Window("month"), 25_000_000_000)

FAST = Alias("fast", (Target("acme/small"), Target("local", "home")), origin="torod.toml:30")
LOCAL = Alias("local", (Target("acme/tiny"),), origin="torod.toml:36")


EXPLANATION = (
    b'{"key":"alice","operation":"chat","model":"fast","stream":false,"decision":{"by":"alias"},'
    b'"places":[],"left_out":[],"unheard":[],"limits":[]}'
)

_ROUTES: list[BaseRoute] = []


async def explained(_question: RouteQuestion) -> RouteAnswer:
    """Explain every request alike, in place of a data process."""
    return RouteAnswer(EXPLANATION)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


ROOT = bearer(ROOT_KEY)
MASTER = bearer(MASTER_KEY)
ALICE = bearer(ALICE_KEY)


def settings(folder: Path) -> Settings:
    return Settings(
        paths=Paths(None, folder / "torod.toml", folder, folder),
        admin_password=ADMIN_PASSWORD,
        metrics_token=METRICS_TOKEN,
        default_provider="acme",
        providers=(
            Provider(
                name="acme",
                kind="openai-compatible",
                base_url="http://127.0.0.1:9000/v1",
                secret=PROVIDER_SECRET,
                headers={"x-extra": PROVIDER_SECRET},
                models=("small",),
                allow_private=True,
            ),
        ),
        keys=(
            KeySetting(id="root", name="root", key=ROOT_KEY, role="admin"),
            KeySetting(id="master", name="master", key=MASTER_KEY, role="keymaster", team="physics", user="ann"),
            KeySetting(id="key_alice", name="alice", key=ALICE_KEY, team="physics", user="ann"),
        ),
        limits=(TOKENS, BUDGET),
        aliases=(FAST, LOCAL),
        origins={"incoming_tokens.root": "torod.toml:5", "providers.acme": "torod.toml:1"},
    )


@dataclass
class Installation:
    """Settings, a store and a clock. The Catalog follows the store at once."""

    store: Store
    folder: Path
    now_s: float = NOON_US / 1e6
    drains: int = 0
    told_of_changes: int = 0
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    provider_statuses: tuple[ProviderStatus, ...] = ()
    limit_figures: LimitFigures = field(default_factory=LimitFigures)
    gathered_prices: Mapping[str, Price] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = self.declared = settings(self.folder)
        self.ring = KeyRing(lambda: [b"s" * 32])
        self.state = ControlState(
            settings=self.settings,
            declared=self.declared,
            ring=self.ring,
            store=self.store,
            pepper=PEPPER,
            catalog=self.catalog,
            figures=lambda: self.figures,
            drain_now=self._drain,
            provider_statuses=lambda: self.provider_statuses,
            address="http://127.0.0.1:8080",
            keys_changed=self._keys_changed,
            limit_figures=lambda _ids=None: self.limit_figures,
            clock=lambda: self.now_s,
            passwords=LIGHT,
            explain=explained,
            ui=build_ui(self.folder / "ui"),
        )

    def app(self) -> FastAPI:
        """Return the application, with the routes of the first one that was made here.

        They say nothing of an installation, and FastAPI works each one out when it is first asked for: all of them
        anew in every application would be most of a test's time.
        """
        app = create_app(self.state)
        if not _ROUTES:
            _ROUTES.extend(app.router.routes)
        app.router.routes = _ROUTES
        return app

    def catalog(self) -> Catalog:
        limits = [stored.limit for stored in list_limits(self.store)]
        return build_catalog(
            self.settings,
            list_keys(self.store),
            {},
            PEPPER,
            version=7,
            stored_limits=limits,
            stored_aliases=[stored.alias for stored in list_aliases(self.store)],
            chosen_profile=chosen_profile(self.store),
            stored_capture={rule.scope: rule.enabled for rule in list_capture_rules(self.store)},
            gathered_prices=self.gathered_prices,
            teams=list_teams(self.store),
            disabled_users=[user.name for user in list_users(self.store) if not user.enabled],
        )

    def without_password(self) -> None:
        self.state.settings = replace(self.settings, admin_password="")

    def _drain(self) -> None:
        self.drains += 1

    def declare(self, **fields: Any) -> None:
        """Have the file say something else, as a reload would."""
        self.declared = self.state.declared = replace(self.declared, **fields)
        self.follow()

    def follow(self) -> None:
        """Have what the database says count, as it is now."""
        joined = join_configuration(self.declared, read_stored(self.store, self.ring))
        self.settings = self.state.settings = joined.settings

    def _keys_changed(self) -> None:
        self.told_of_changes += 1
        self.follow()
