"""Signing in at a real OpenID provider, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.oidc_server.serving import CLIENT_ID, CLIENT_SECRET, NotSentBack, OidcServer, needs_node, oidc_server
from tokenrouter.config.settings import OidcSetting
from tokenrouter.signin.oidc.client import Identity, OidcClient
from tokenrouter.signin.oidc.errors import ProviderAway, SignInRefused
from tokenrouter.signin.oidc.sealing import Errand, new_errand
from tokenrouter.upstream.client import UpstreamClient

pytestmark = needs_node

CALLBACK = "http://127.0.0.1:1/admin/oidc/school/callback"
ANN = {"email": "ann@example.org", "email_verified": True, "name": "Ann", "groups": ["physics", "staff"]}


@pytest.fixture(scope="module")
def server() -> Iterator[OidcServer]:
    with oidc_server(CALLBACK) as running:
        yield running


@pytest.fixture(autouse=True)
def _people(request: pytest.FixtureRequest) -> None:
    if "server" in request.fixturenames:
        request.getfixturevalue("server").know({"ann": ANN, "bob": {"email": "bob@example.org"}})


@dataclass
class Visit:
    """A client of the provider, and one errand after the other."""

    server: OidcServer
    client: OidcClient
    now_s: float = 1_800_000_000.0

    async def go(self, name: str = "ann") -> tuple[Errand, dict[str, str]]:
        errand = new_errand("school", CALLBACK, self.now_s)
        back = self.server.sign_in(await self.client.way_there(errand), name)
        return errand, dict(parse_qsl(urlsplit(back).query))

    async def identity(self, name: str = "ann") -> Identity:
        return await self.client.identity(*await self.go(name))


def setting(server: OidcServer) -> OidcSetting:
    scopes = ("openid", "email", "profile", "groups")
    return OidcSetting("school", server.issuer, CLIENT_ID, CLIENT_SECRET, scopes=scopes, groups_claim="groups")


@pytest.fixture
async def upstream() -> AsyncIterator[UpstreamClient]:
    async with UpstreamClient() as client:
        yield client


@pytest.fixture
def visit(server: OidcServer, upstream: UpstreamClient) -> Visit:
    return Visit(server, OidcClient(setting(server), upstream))


async def test_who_signed_in_is_told_by_the_id_token_and_userinfo(visit: Visit) -> None:
    assert await visit.identity() == Identity(
        visit.server.issuer, "ann", "ann@example.org", "Ann", ("physics", "staff")
    )


async def test_an_address_that_the_provider_has_not_verified_is_not_told(visit: Visit) -> None:
    assert await visit.identity("bob") == Identity(visit.server.issuer, "bob")


async def test_groups_are_those_of_this_sign_in(visit: Visit) -> None:
    await visit.identity()
    visit.server.know({"ann": {**ANN, "groups": ["chemistry"]}})

    assert (await visit.identity()).groups == ("chemistry",)


async def test_whoever_is_removed_there_does_not_come_back(visit: Visit) -> None:
    await visit.identity()
    visit.server.know({})

    with pytest.raises(NotSentBack):
        await visit.identity()


async def test_a_client_may_post_its_secret(visit: Visit, upstream: UpstreamClient) -> None:
    visit.client = OidcClient(replace(setting(visit.server), client_id="poster"), upstream)
    await visit.client.way_there(new_errand("school", CALLBACK, 0.0))
    endpoints = visit.client._endpoints
    assert endpoints is not None
    visit.client._endpoints = replace(endpoints, posts_secret=True)

    assert (await visit.identity()).subject == "ann"


async def test_a_code_is_good_once(visit: Visit) -> None:
    errand, answer = await visit.go()
    await visit.client.identity(errand, answer)

    with pytest.raises(SignInRefused, match="used already"):
        await visit.client.identity(errand, answer)


async def test_a_code_is_good_for_the_browser_that_asked_only(visit: Visit) -> None:
    errand, answer = await visit.go()
    thief = new_errand("school", CALLBACK, visit.now_s)

    with pytest.raises(SignInRefused, match="state"):
        await visit.client.identity(thief, answer)
    with pytest.raises(SignInRefused, match="used already"):  # PKCE: the provider refuses another verifier
        await visit.client.identity(replace_errand(errand, verifier=thief.verifier), answer)


async def test_a_token_of_another_sign_in_is_refused(visit: Visit) -> None:
    errand, answer = await visit.go()

    with pytest.raises(SignInRefused, match="nonce"):
        await visit.client.identity(replace_errand(errand, nonce="of-another"), answer)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"state": ""}, "state"),
        ({"state": "ü"}, "state"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"code": ""}, "no code"),
        ({"error": "access_denied"}, r"said no \(access_denied\)"),
        ({"error": "<script>" * 20}, r"said no \(status 400\)"),
    ],
)
async def test_an_answer_that_does_not_fit_is_refused(visit: Visit, change: dict[str, str], told: str) -> None:
    errand, answer = await visit.go()

    with pytest.raises(SignInRefused, match=told):
        await visit.client.identity(errand, answer | change)


async def test_an_answer_that_does_not_name_its_issuer_is_refused_where_it_should(visit: Visit) -> None:
    errand, answer = await visit.go()
    del answer["iss"]

    with pytest.raises(SignInRefused, match="iss"):
        await visit.client.identity(errand, answer)


async def test_an_expired_token_is_refused(visit: Visit) -> None:
    visit.client._clock = lambda: 4_000_000_000.0

    with pytest.raises(SignInRefused, match="expired"):
        await visit.identity()


async def test_new_keys_are_asked_for_but_not_more_often_than_once_a_minute(
    server: OidcServer, upstream: UpstreamClient
) -> None:
    visit = Visit(server, OidcClient(setting(server), upstream))
    real = visit.client._clock
    offset_s = [0.0]
    visit.client._clock = lambda: real() + offset_s[0]
    await visit.identity()
    server.change_keys()

    with pytest.raises(SignInRefused, match="not the provider's"):
        await visit.identity()
    offset_s[0] = 61.0

    assert (await visit.identity()).subject == "ann"


async def test_a_wrong_client_secret_is_told_as_such(visit: Visit, upstream: UpstreamClient) -> None:
    visit.client = OidcClient(replace(setting(visit.server), client_secret="wrong"), upstream)

    with pytest.raises(ProviderAway, match="invalid_client"):
        await visit.identity()


async def test_an_issuer_spelt_otherwise_is_told(visit: Visit, upstream: UpstreamClient) -> None:
    other = replace(setting(visit.server), issuer=visit.server.issuer + "/")

    with pytest.raises(ProviderAway, match="another issuer"):
        await OidcClient(other, upstream).way_there(new_errand("school", CALLBACK, 0.0))


async def test_a_provider_that_is_away_is_told(upstream: UpstreamClient) -> None:
    gone = OidcSetting("school", "http://127.0.0.1:9", CLIENT_ID)

    with pytest.raises(ProviderAway, match="cannot be asked"):
        await OidcClient(gone, upstream).way_there(new_errand("school", CALLBACK, 0.0))


async def test_a_provider_that_was_away_is_not_asked_by_every_click(
    server: OidcServer, upstream: UpstreamClient
) -> None:
    now_s = [0.0]
    away = OidcClient(replace(setting(server), issuer=server.issuer + "/"), upstream, clock=lambda: now_s[0])
    connects = []
    for now_s[0] in (0.0, 4.9, 5.0):
        with pytest.raises(ProviderAway, match="another issuer"):
            await away.way_there(new_errand("school", CALLBACK, 0.0))
        connects.append(upstream.figures.connects + upstream.figures.reuses)

    assert connects[0] == connects[1] < connects[2]


async def test_two_who_come_at_once_ask_once(visit: Visit, upstream: UpstreamClient) -> None:
    errands = [new_errand("school", CALLBACK, 0.0) for _ in range(5)]

    await asyncio.gather(*(visit.client.way_there(errand) for errand in errands))

    assert upstream.figures.connects + upstream.figures.reuses == 1


def replace_errand(errand: Errand, **changes: str) -> Errand:
    fields = {name: getattr(errand, name) for name in errand.__struct_fields__}
    return Errand(**(fields | changes))
