"""What the environment says of people who get a key by themselves: the Classroom system's variables.

They mean what they meant there, but for one thing: where no access code is set, nobody registers.
"""

from collections.abc import Mapping
from typing import Final

from tokenrouter.config.environment import read_number
from tokenrouter.config.problems import Problem
from tokenrouter.config.settings import RegistrationSettings
from tokenrouter.config.table import Table

_NO: Final = frozenset({"false", "0", "no", "off"})
_YES: Final = frozenset({"true", "1", "yes", "on", ""})
MIN_CODE_CHARS: Final = 6
"""Shorter codes are guessed, however slowly one may try."""


def read_registration(environ: Mapping[str, str], problems: list[Problem]) -> RegistrationSettings:
    """Return the settings; what is wrong is added to `problems`."""
    quota = read_number(environ, "DEFAULT_REGISTRATION_QUOTA", problems)
    usual = RegistrationSettings()
    return RegistrationSettings(
        enabled=_enabled(environ, problems),
        access_codes=_codes(environ, problems),
        email_domains=tuple(one.lower().lstrip("@") for one in _listed(environ, "ALLOWED_EMAIL_DOMAINS")),
        quota_tokens=usual.quota_tokens if quota is None else int(quota),
    )


def read_public_url(top: Table, environ: Mapping[str, str]) -> str:
    """Return `PUBLIC_API_URL`, else `public_url`, without a slash at its end, or ""."""
    in_file, variable = top.text("public_url"), environ.get("PUBLIC_API_URL", "")
    url = (variable or in_file).strip().rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        where, key = ("$PUBLIC_API_URL", "") if variable else (top.where("public_url"), "public_url")
        top.problems.append(Problem(where, key, "it must begin with http:// or https://"))
        return ""
    return url


def _enabled(environ: Mapping[str, str], problems: list[Problem]) -> bool:
    text = environ.get("REGISTRATION_ENABLED", "").strip().lower()
    if text not in _NO | _YES:
        problems.append(Problem("$REGISTRATION_ENABLED", "", f"{text!r} must be true or false"))
    return text not in _NO


def _codes(environ: Mapping[str, str], problems: list[Problem]) -> tuple[str, ...]:
    codes = _listed(environ, "REGISTRATION_ACCESS_CODES")
    if any(len(code) < MIN_CODE_CHARS for code in codes):
        problems.append(
            Problem("$REGISTRATION_ACCESS_CODES", "", f"each code must have at least {MIN_CODE_CHARS} characters")
        )
    return codes


def _listed(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in environ.get(name, "").split(",") if part.strip())
