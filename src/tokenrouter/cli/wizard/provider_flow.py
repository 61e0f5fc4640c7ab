"""The questions about the first provider, which end with one that answers, or one that is wanted all the same."""

from collections.abc import Mapping
from typing import Any, Final

from tokenrouter.cli.wizard import asking
from tokenrouter.cli.wizard.answer_checks import answer_mistake
from tokenrouter.cli.wizard.answers import own_address_mistake, provider_name, wants_key
from tokenrouter.cli.wizard.checks import key_file_problem
from tokenrouter.cli.wizard.questions import KEY_NAMES, LOCAL, NONE, SANDBOX
from tokenrouter.cli.wizard.writing import provider_entries
from tokenrouter.providers import preset, presets

_KEEP: Final = "(as they are)"
_OTHER: Final = "openai-compatible"
_AFTER_FAILURE: Final = {
    "again": "Try it again",
    "key": "Give another key",
    "other": "Take another provider",
    "keep": "Keep it as it is: it will work later",
    "skip": "No provider for now",
}
_DETAILS: Final = ("provider_name", "provider_base_url", *KEY_NAMES)


def ask_provider(answers: dict[str, Any], text: str, environ: Mapping[str, str], *, network: bool) -> None:
    """Ask until there is a provider that answers its test, or that is kept without; `text` is the file as it is.

    Raises:
        Stopped: no more questions are wanted.
    """
    if "provider_type" not in answers:
        _ask_type(answers, text, environ)
    while provider_name(answers):
        _ask_details(answers, text, environ)
        if not network or _is_kept(answers, environ):
            return
        if "provider_type" not in answers:
            _ask_type(answers, text, environ)
    if answers.get("provider_type") == LOCAL and network:
        _tell_local_servers(environ)


def _ask_type(answers: dict[str, Any], text: str, environ: Mapping[str, str]) -> None:
    known = [str(entry.get("name")) for entry in provider_entries(text)]
    choices = {_KEEP: f"Leave them as they are: {', '.join(known)}"} if known else {}
    choices[LOCAL] = "A model server on this machine: Ollama, LM Studio, vLLM, llama.cpp"
    choices[SANDBOX] = "The sandbox: offline, no account needed, to try things out"
    rows = sorted(presets().values(), key=lambda row: (not _is_set(row.api_key_env, environ), row.display_name.lower()))
    for row in rows:
        found = " - its key is in the environment" if _is_set(row.api_key_env, environ) else ""
        choices[row.name] = f"{row.display_name} ({row.name}){found}"
    choices[_OTHER] = "Any other server that speaks OpenAI's dialect (openai-compatible)"
    choices[NONE] = "None for now"
    chosen = asking.choose("The first provider?" if not known else "Providers?", choices, next(iter(choices)))
    if chosen != _KEEP:
        answers["provider_type"] = chosen


def _is_set(variables: tuple[str, ...], environ: Mapping[str, str]) -> bool:
    return any(environ.get(variable) for variable in variables)


def _ask_details(answers: dict[str, Any], text: str, environ: Mapping[str, str]) -> None:
    kind = answers["provider_type"]
    row = preset(kind)
    if row is None:
        return
    if kind == _OTHER and "provider_name" not in answers:
        answers["provider_name"] = asking.ask_text(
            "What shall it be called (models are NAME/…)?",
            "my-server",
            check=lambda one: answer_mistake("provider_name", one) if one else "write a name",
        )
    name = provider_name(answers)
    entry = next((one for one in provider_entries(text) if one.get("name") == name), {})
    if (row.is_template or row.local) and "provider_base_url" not in answers:
        default = str(entry.get("base_url") or row.base_url)
        answers["provider_base_url"] = asking.ask_text(
            "Its base URL", default, check=lambda one: _url_mistake(one) or own_address_mistake(one, answers)
        )
    if not any(key in answers for key in KEY_NAMES):
        _ask_key(answers, entry, environ)


def _url_mistake(text: str) -> str:
    if "{" in text:
        return "put a value of yours in the place of the braces"
    return answer_mistake("provider_base_url", text) if text else "write where it is, like http://192.168.1.5:8000/v1"


def _ask_key(answers: dict[str, Any], entry: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    row = preset(answers["provider_type"])
    usual = row.api_key_env if row is not None else ()
    choices = {f"env:{one}": f"In the variable {one}, which is set here" for one in usual if environ.get(one)}
    if entry.get("api_key"):
        choices = {"now": "The key that it has", **choices}
    if not wants_key(answers["provider_type"]):
        choices["no"] = "It wants none"
    choices |= {
        "type": "I type it (it is kept in a file of its own that only you may read)",
        "file": "In a file",
        "env": "In a variable",
    }
    chosen = asking.choose("Where is its key?", choices, next(iter(choices)))
    match chosen:
        case "now":
            _take_standing_key(answers, str(entry["api_key"]))
        case "type":
            answers["provider_key"] = asking.ask_secret(
                "Its key (not shown)", check=lambda one: answer_mistake("provider_key", one) if one else "paste the key"
            )
        case "file":
            answers["provider_key_file"] = asking.ask_text("Path of the file", check=key_file_problem)
        case "env":
            answers["provider_key_env"] = asking.ask_text(
                "Name of the variable",
                usual[0] if usual else "",
                check=lambda one: answer_mistake("provider_key_env", one) if one else "write a name",
            )
        case pointer if pointer.startswith("env:"):
            answers["provider_key_env"] = pointer[4:]


def _take_standing_key(answers: dict[str, Any], value: str) -> None:
    kind, _, rest = value.partition(":")
    match kind:
        case "env" if rest:
            answers["provider_key_env"] = rest
        case "file" if rest:
            answers["provider_key_file"] = rest
        case _:
            answers["provider_key"] = value


def _is_kept(answers: dict[str, Any], environ: Mapping[str, str]) -> bool:
    """Try the provider; False when other answers were asked for, which are then missing in `answers`."""
    from tokenrouter.cli.wizard.provider_check import try_provider

    while True:
        asking.tell(f"Asking {provider_name(answers)} for its models …")
        tried = try_provider(answers, environ)
        if not tried.problem:
            asking.tell(f"{provider_name(answers)}: {tried}")
            return True
        asking.complain(f"{provider_name(answers)}: {tried}")
        match asking.choose("What now?", _AFTER_FAILURE, "key" if "auth" in tried.problem else "again"):
            case "keep":
                return True
            case "key":
                _forget(answers, KEY_NAMES)
                return False
            case "other":
                _forget(answers, ("provider_type", *_DETAILS))
                return False
            case "skip":
                _forget(answers, _DETAILS)
                answers["provider_type"] = NONE
                return True


def _forget(answers: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        answers.pop(name, None)


def _tell_local_servers(environ: Mapping[str, str]) -> None:
    from tokenrouter.cli.wizard.provider_check import find_local_servers
    from tokenrouter.config.load import load
    from tokenrouter.config.problems import ConfigErrors

    try:
        found = find_local_servers(load(config=None, environ=environ))
    except ConfigErrors:
        return
    if found:
        asking.tell(f"Found {', '.join(found)}.")
    else:
        asking.tell("None answers now; as soon as one is started, it joins by itself.")
