"""Signing in at one identity provider: authorization code with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636).

What the provider says of itself is kept for an hour. Keys are asked for again when a token names one that is not among
them, but not more often than once a minute: tokens that somebody makes up must not make us ask without end.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from tokenrouter.config.settings import OidcSetting
from tokenrouter.signin.oidc.discovery import Endpoints, discovery_url, read_discovery
from tokenrouter.signin.oidc.errors import ProviderAway, SignInRefused
from tokenrouter.signin.oidc.fetching import OidcFetcher
from tokenrouter.signin.oidc.id_tokens import SigningKey, UnknownKey, read_keys, verify_id_token
from tokenrouter.signin.oidc.sealing import Errand
from tokenrouter.upstream.client import UpstreamClient

KEPT_S: Final = 3600.0
LEAST_PAUSE_S: Final = 60.0
"""Between two questions for keys."""
AWAY_S: Final = 5.0
"""For how long a provider that could not be asked is not asked again: anybody may press the button."""
MAX_GROUPS: Final = 1000
MAX_GROUP_CHARS: Final = 200
MAX_EMAIL_CHARS: Final = 254
MAX_NAME_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in, as the provider tells.

    Attributes:
        email: "" where the provider tells none, or does not say that it is verified.
        groups: None where the provider tells nothing of groups.
    """

    issuer: str
    subject: str
    email: str = ""
    name: str = ""
    groups: tuple[str, ...] | None = None


class OidcClient:
    """One identity provider. It belongs to one event loop."""

    def __init__(
        self, setting: OidcSetting, upstream: UpstreamClient, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.setting = setting
        self._fetcher = OidcFetcher(upstream, setting.name, setting.issuer, allow_private=setting.allow_private)
        self._clock = clock
        self._endpoints: Endpoints | None = None
        self._endpoints_until_s = 0.0
        self._keys: tuple[SigningKey, ...] = ()
        self._keys_asked_s = -KEPT_S
        self._away, self._away_until_s = "", 0.0
        self._asking = asyncio.Lock()

    async def way_there(self, errand: Errand) -> str:
        """Return where the browser is sent.

        Raises:
            ProviderAway
        """
        endpoints = await self._discover()
        question = {
            "response_type": "code",
            "client_id": self.setting.client_id,
            "redirect_uri": errand.came_to,
            "scope": " ".join(self.setting.scopes),
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": _challenge(errand.verifier),
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in endpoints.authorization else "?"
        return f"{endpoints.authorization}{separator}{urlencode(question)}"

    async def identity(self, errand: Errand, answer: Mapping[str, str]) -> Identity:
        """Return who came back with `answer`, the query of the address that the provider sent the browser to.

        Raises:
            ProviderAway: it does not answer, or not as it should.
            SignInRefused: it said no, or its answer is not to be believed.
        """
        endpoints = await self._discover()
        code = _code(endpoints, errand, answer)
        tokens = await self._exchange(endpoints, errand, code)
        claims = await self._claims(endpoints, tokens.get("id_token"), errand.nonce)
        return await self._identified(endpoints, claims, tokens.get("access_token"))

    async def _discover(self) -> Endpoints:
        async with self._asking:
            now_s = self._clock()
            if self._endpoints is not None and now_s < self._endpoints_until_s:
                return self._endpoints
            if now_s < self._away_until_s:
                raise ProviderAway(self._away)
            try:
                document = await self._fetcher.get(discovery_url(self.setting.issuer))
                self._endpoints = read_discovery(self.setting.issuer, document)
            except ProviderAway as error:
                self._away, self._away_until_s = str(error), now_s + AWAY_S
                raise
            self._endpoints_until_s = now_s + KEPT_S
            return self._endpoints

    async def _exchange(self, endpoints: Endpoints, errand: Errand, code: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": errand.came_to,
            "code_verifier": errand.verifier,
        }
        headers = {}
        if not self.setting.client_secret or endpoints.posts_secret:
            form |= {"client_id": self.setting.client_id}
            form |= {"client_secret": self.setting.client_secret} if self.setting.client_secret else {}
        else:
            headers = {"authorization": _basic(self.setting.client_id, self.setting.client_secret)}
        status, fields = await self._fetcher.post(endpoints.token, form, headers)
        if status == 200:
            return fields
        if fields.get("error") == "invalid_grant":
            raise SignInRefused("the code was used already, or is too old; sign in again")
        raise ProviderAway(
            f"{self.setting.name} refused the exchange of the code ({_word(fields.get('error'), status)})"
        )

    async def _claims(self, endpoints: Endpoints, token: object, nonce: str) -> Mapping[str, Any]:
        if not isinstance(token, str):
            raise ProviderAway(f"{self.setting.name} gave no ID token; `scopes` must hold openid")
        for is_fresh in (False, True):
            keys = await self._signing_keys(endpoints, fresh=is_fresh)
            try:
                return verify_id_token(
                    token,
                    keys,
                    issuer=endpoints.issuer,
                    client_id=self.setting.client_id,
                    nonce=nonce,
                    now_s=self._clock(),
                )
            except UnknownKey:
                continue
        raise SignInRefused("the ID token is signed by a key that is not the provider's")

    async def _signing_keys(self, endpoints: Endpoints, *, fresh: bool) -> tuple[SigningKey, ...]:
        async with self._asking:
            now_s = self._clock()
            if now_s - self._keys_asked_s >= (LEAST_PAUSE_S if fresh else KEPT_S):
                self._keys_asked_s = now_s
                self._keys = read_keys(await self._fetcher.get(endpoints.jwks))
            return self._keys

    async def _identified(self, endpoints: Endpoints, claims: Mapping[str, Any], access_token: object) -> Identity:
        """Return who `claims` are of, with what only userinfo tells."""
        wanted = ("email", self.setting.groups_claim) if self.setting.groups_claim else ("email",)
        subject = str(claims["sub"])
        if endpoints.userinfo and isinstance(access_token, str) and any(name not in claims for name in wanted):
            told = await self._fetcher.get(endpoints.userinfo, {"authorization": f"Bearer {access_token}"})
            if told.get("sub") != subject:  # OpenID Connect Core 1.0, section 5.3.2
                raise SignInRefused("what the provider tells of the user is of somebody else")
            claims = {**told, **claims}
        email = claims.get("email")
        is_email = claims.get("email_verified") is True and isinstance(email, str) and len(email) <= MAX_EMAIL_CHARS
        name = claims.get("name")
        return Identity(
            endpoints.issuer,
            subject,
            email=str(email) if is_email else "",
            name="".join(char for char in name if char.isprintable())[:MAX_NAME_CHARS] if isinstance(name, str) else "",
            groups=_groups(claims, self.setting.groups_claim),
        )


def _code(endpoints: Endpoints, errand: Errand, answer: Mapping[str, str]) -> str:
    """Return the code of an answer that fits the errand."""
    if not hmac.compare_digest(answer.get("state", "").encode("utf-8", "replace"), errand.state.encode()):
        raise SignInRefused("this is the answer to another sign-in (state); sign in again")
    if answer.get("iss", endpoints.issuer if not endpoints.names_itself else None) != endpoints.issuer:
        raise SignInRefused("the answer comes from another identity provider (iss)")
    if "error" in answer:
        raise SignInRefused(f"the identity provider said no ({_word(answer['error'], 400)})")
    if not answer.get("code"):
        raise SignInRefused("the answer holds no code; sign in again")
    return answer["code"]


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _basic(client_id: str, secret: str) -> str:
    """Return Basic authentication as OAuth 2.0 wants it: both parts form-encoded (RFC 6749, 2.3.1)."""
    return "Basic " + base64.b64encode(f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()).decode()


def _groups(claims: Mapping[str, Any], claim: str) -> tuple[str, ...] | None:
    """Return the groups that are told; `claim` may be a path such as `realm_access.roles`."""
    value: object = claims.get(claim) if claim else None
    if claim and claim not in claims and "." in claim:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return None
    return tuple(one for one in value[:MAX_GROUPS] if isinstance(one, str) and 0 < len(one) <= MAX_GROUP_CHARS)


def _word(error: object, status: int) -> str:
    """Return an error's code, for a message; what else the provider says is not repeated."""
    is_code = isinstance(error, str) and error.isascii() and error.isprintable() and len(error) <= 60
    return str(error) if is_code else f"status {status}"
