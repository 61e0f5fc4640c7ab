"""Answers read and checked, as far as it can be seen without looking at the machine or the network (`checks.py` does).

An answer that was not given is not there; nothing of it is changed in a file that exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from tokenrouter.cli.wizard.answer_checks import answer_mistake
from tokenrouter.cli.wizard.questions import BY_NAME, KEY_NAMES, LOCAL, NONE, SANDBOX, TERMS_URL, Question, Said
from tokenrouter.config.load import is_own_listener
from tokenrouter.config.providers import base_url_mistake
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.providers import preset


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
