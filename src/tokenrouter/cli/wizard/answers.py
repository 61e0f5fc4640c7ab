"""Answers read and checked, as far as it can be seen without looking at the machine or the network (`checks.py` does).

An answer that was not given is not there; nothing of it is changed in a file that exists.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from tokenrouter.cli.wizard.questions import BY_NAME, KEY_NAMES, LOCAL, NONE, SANDBOX, TERMS_URL, Question, Said
from tokenrouter.config.load import is_own_listener, split_address
from tokenrouter.config.providers import PROVIDER_NAME, base_url_mistake
from tokenrouter.domain.addresses import read_networks
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.providers import known_kinds, preset

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with the answer to one question, and what to do; it never holds a secret."""

    name: str
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


class WrongAnswers(Exception):
    """Answers that cannot be used; `mistakes` is never empty."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def read_answers(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that `values` (of a file, or of variables) hold.

    Raises:
        WrongAnswers: names that are no question's, and values of the wrong kind.
    """
    said: dict[str, Any] = {}
    mistakes = []
    for name, value in values.items():
        question = BY_NAME.get(name)
        if question is None:
            mistakes.append(Mistake(name, f"there is no such question; {suggestion(name, tuple(BY_NAME))}"))
            continue
        try:
            said[name] = _read(question, value)
        except ValueError as error:
            mistakes.append(Mistake(name, str(error)))
    if mistakes:
        raise WrongAnswers(mistakes)
    return said


def _read(question: Question, value: Any) -> Any:
    if question.kind == "flag":
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        found = value if isinstance(value, bool) else words.get(str(value).strip().lower())
        if found is None:
            raise ValueError("must be true or false")
        return found
    if question.kind == "texts":
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            raise ValueError("must be an array of texts, or one text with commas")
        return tuple(part.strip() for part in parts if part.strip())
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")
    return value.strip()


def find_mistakes(said: Said, environ: Mapping[str, str]) -> list[Mistake]:
    """Return what is wrong with answers by themselves and together, in the order of the questions."""
    found = [Mistake(name, message) for name in said if (message := answer_mistake(name, said[name]))]
    wrong = {mistake.name for mistake in found}
    together = [*_tls_mistakes(said), *_provider_mistakes(said, environ)]
    order = list(BY_NAME)
    return sorted([*found, *(one for one in together if one.name not in wrong)], key=lambda one: order.index(one.name))


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


def _tls_mistakes(said: Said) -> list[Mistake]:
    mode, found = said.get("tls", ""), []
    if mode == "pem":
        found += [Mistake(name, "is missing; tls = pem needs it") for name in _PEM_NAMES if not said.get(name)]
    if mode == "letsencrypt":
        found += [Mistake(name, "is missing; Let's Encrypt needs it") for name in _ACME_NAMES if not said.get(name)]
        if not said.get("tls_accept_terms"):
            found.append(
                Mistake("tls_accept_terms", f"is missing; read the terms of service ({TERMS_URL}) and accept them")
            )
        found += [
            Mistake("tls_domain", f"{name!r} is no public name; Let's Encrypt cannot reach it")
            for name in said.get("tls_domain", ())
            if not is_public_name(name)
        ]
    return found


_PEM_NAMES: Final = ("tls_cert_file", "tls_key_file")
_ACME_NAMES: Final = ("tls_domain", "tls_email")


def is_public_name(name: str) -> bool:
    """Whether the internet may know `name`: Let's Encrypt asks it, and never an address or a name of one network."""
    last = name.lower().rpartition(".")[2]
    return "." in name and not last.isdigit() and last not in ("local", "localhost", "internal", "lan", "home")


def _provider_mistakes(said: Said, environ: Mapping[str, str]) -> list[Mistake]:
    kind = said.get("provider_type", "")
    details = [name for name in said if name.startswith("provider_") and name != "provider_type" and said[name]]
    if kind in ("", LOCAL, SANDBOX, NONE):
        why = f"is of no use with provider_type = {kind!r}" if kind else "needs provider_type beside it"
        return [Mistake(name, why) for name in details]
    row = preset(kind)
    if row is None:
        return []
    found = []
    if mistake := own_address_mistake(said.get("provider_base_url", ""), said):
        found.append(Mistake("provider_base_url", mistake))
    if row.is_template and not said.get("provider_base_url"):
        found.append(Mistake("provider_base_url", f"is missing; {kind} is at {row.base_url}, with a value of yours"))
    keys = [name for name in KEY_NAMES if said.get(name)]
    if len(keys) > 1:
        found.append(Mistake(keys[1], f"is one key too many: {keys[0]} is answered, too"))
    if not keys and wants_key(kind):
        variables = " or ".join(row.api_key_env)
        hint = f" (its usual variable is {variables})" if variables else ""
        found.append(Mistake("provider_key_env", f"is missing, as are provider_key_file and provider_key{hint}"))
    return found


def own_address_mistake(base_url: str, said: Said) -> str:
    """Return what is wrong with a base URL that leads to the gateway itself, "" for another one."""
    provider = Provider(name="", kind="", base_url=base_url)
    own = [said[name] for name in ("listen_addr", "tls_listen_addr") if said.get(name)]
    if not base_url or base_url_mistake(base_url) or not any(is_own_listener(provider, address) for address in own):
        return ""
    return "is this gateway's own address; write where the provider is"


def wants_key(kind: str) -> bool:
    """Whether a provider of this kind answers nobody without a key, as far as is known."""
    row = preset(kind)
    return row is not None and bool(row.api_key_env) and not (row.local or row.public_free)


def provider_name(said: Said) -> str:
    """Return what the provider that was answered is called, or "" when none was."""
    kind = cast(str, said.get("provider_type", ""))
    if kind in ("", LOCAL, SANDBOX, NONE):
        return ""
    return cast(str, said.get("provider_name") or ("my-server" if kind == "openai-compatible" else kind))
