"""What may be said to each question alone; what answers are together is looked at in `answers.py`."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from tokenrouter.cli.wizard.questions import BY_NAME, LOCAL, NONE, SANDBOX
from tokenrouter.config.load import split_address
from tokenrouter.config.providers import PROVIDER_NAME, base_url_mistake
from tokenrouter.domain.addresses import read_networks
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.providers import known_kinds

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def answer_mistake(name: str, value: Any) -> str:
    """Return what is wrong with one answer alone, or "" when nothing is."""
    question = BY_NAME[name]
    texts = value if question.kind == "texts" else (value,) if isinstance(value, str) else ()
    if any(not text.isprintable() for text in texts):
        return "holds characters that cannot be printed; paste it again"
    if question.choices and value not in question.choices:
        return f"{value!r} is not known; {suggestion(value, question.choices)}"
    if value in ("", ()):
        return _EMPTY.get(name, "")
    check = _CHECKS.get(name)
    return check(value) if check else ""


_EMPTY: Final = {
    "listen_addr": "is empty; write host:port, like 127.0.0.1:8080",
    "provider_type": 'is empty; name a vendor, or "none"',
}


def _address_mistake(value: str) -> str:
    parts = split_address(value)
    if parts is None:
        return f"{value!r} is not host:port, like 127.0.0.1:8080 or [::1]:8080"
    return "" if parts[1] else "port 0 is another one at every start; name one from 1 to 65535"


def _proxies_mistake(value: tuple[str, ...]) -> str:
    try:
        read_networks(value)
    except ValueError as error:
        return str(error)
    return ""


def _url_mistake(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
        _ = parts.port
    except ValueError:
        is_right = False
    return "" if is_right else "must be a whole address that begins with http:// or https://"


def _domains_mistake(value: tuple[str, ...]) -> str:
    wrong = [name for name in value if not is_host_name(name)]
    return f"{wrong[0]!r} is no host name; write names alone, like ai.example.org" if wrong else ""


def is_host_name(text: str) -> bool:
    """Whether `text` is a name or an IPv4 address, without scheme, port and path."""
    return _HOST.fullmatch(text.lower()) is not None


def _email_mistake(value: str) -> str:
    return "" if _EMAIL.fullmatch(value) else f"{value!r} is no e-mail address"


def _type_mistake(value: str) -> str:
    known = (*known_kinds(), LOCAL, SANDBOX, NONE)
    if value in known:
        return ""
    return f"{value!r} is not known; {_near(value, known)}; `torod providers presets` lists all"


def _near(value: str, known: tuple[str, ...]) -> str:
    told = suggestion(value, known)
    return told if told.startswith("did you mean") else "write openai-compatible and its address for any other server"


def _provider_name_mistake(value: str) -> str:
    usable = "use lower-case letters, digits, '.', '_' and '-'"
    return "" if PROVIDER_NAME.fullmatch(value) else f"{value!r} is not usable; {usable}"


def _variable_mistake(value: str) -> str:
    return "" if _VARIABLE.fullmatch(value) else "is no name of a variable; write the name, not the key"


def _key_mistake(value: str) -> str:
    if value.startswith(("env:", "file:")):
        return "begins with env: or file:; answer provider_key_env or provider_key_file instead"
    return "holds a space; paste the key alone" if " " in value else ""


def _database_mistake(value: str) -> str:
    scheme = value.partition("://")[0].partition("+")[0]
    if "://" not in value or scheme not in ("sqlite", "postgresql", "postgres"):
        return "must be sqlite:///FILE or postgresql://user:password@host/database"
    return ""


def _redis_mistake(value: str) -> str:
    known = ("redis", "rediss", "unix")
    return (
        ""
        if value.partition("://")[0] in known and "://" in value
        else "must begin with redis://, rediss:// or unix://"
    )


_CHECKS: Final[Mapping[str, Any]] = {
    "listen_addr": _address_mistake,
    "tls_listen_addr": _address_mistake,
    "tls_redirect_addr": _address_mistake,
    "trusted_proxies": _proxies_mistake,
    "public_url": _url_mistake,
    "tls_domain": _domains_mistake,
    "tls_email": _email_mistake,
    "provider_type": _type_mistake,
    "provider_name": _provider_name_mistake,
    "provider_base_url": lambda value: base_url_mistake(value) or "",
    "provider_key_env": _variable_mistake,
    "provider_key": _key_mistake,
    "database_url": _database_mistake,
    "redis_url": _redis_mistake,
}
