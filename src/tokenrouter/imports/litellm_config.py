"""LiteLLM's `config.yaml`: deployments, what clients call them, fallbacks, and the master key.

Fields: its documentation "Config.yaml" and "All settings" (read 2026-11). A deployment there is a model with an address
and a key; here those with the same vendor, address and key are one provider, and the name that clients use is an alias.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.limit_text import NANO
from tokenrouter.domain.prices import MAX_RATE, MILLION
from tokenrouter.imports.found import LeftBehind, SourceUnreadable
from tokenrouter.imports.naming import ProviderNaming
from tokenrouter.providers import preset

MAX_BYTES: Final = 8 * 2**20
MAX_DEPTH: Final = 40
POINTER: Final = "os.environ/"
COMPATIBLE: Final = "openai-compatible"
AZURE_VERSION: Final = "2024-10-21"
_KINDS: Final = {
    "openai": "openai",
    "azure": "azure-deployments",
    "anthropic": "anthropic",
    "gemini": "google-gemini",
    "vertex_ai": "google-vertex-ai",
    "bedrock": "amazon-bedrock",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "nvidia_nim": "nvidia",
    "hosted_vllm": "vllm",
    "lm_studio": "lmstudio",
    "ollama_chat": "ollama",
    "cohere_chat": "cohere",
    "moonshot": "moonshotai",
    "openai_like": COMPATIBLE,
    "custom_openai": COMPATIBLE,
    "text-completion-openai": "openai",
}
"""LiteLLM's names of vendors where they are not ours."""
_V1_OF_LOCAL: Final = frozenset({"ollama", "lmstudio"})
"""Kinds whose addresses LiteLLM writes without the `/v1` that ours end in."""


@dataclass(frozen=True, slots=True)
class LitellmConfig:
    """What the file says. `master_key` is "" where there is none."""

    providers: tuple[Provider, ...] = ()
    aliases: tuple[Alias, ...] = ()
    prices: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    master_key: str = field(default="", repr=False)
    left_behind: tuple[LeftBehind, ...] = ()


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases, which can make a gigabyte out of a few lines."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not read", None)
        return super().compose_node(parent, index)


def load_yaml(path: Path) -> Mapping[str, Any]:
    """Return the top of a YAML file.

    Raises:
        SourceUnreadable: it is too large, no YAML, or no mapping.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceUnreadable(f"{path} is larger than {MAX_BYTES} bytes")
        top = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark is not None else ""
        raise SourceUnreadable(f"{path}{line}: is not YAML that is read here: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceUnreadable(f"{path}: is not YAML: {type(error).__name__}") from None
    if not isinstance(top, Mapping):
        raise SourceUnreadable(f"{path} is no configuration of LiteLLM: it holds no settings")
    return top


def read_config(path: Path, environ: Mapping[str, str]) -> LitellmConfig:
    """Read the file; `environ` has the variables that it points to with `os.environ/NAME`.

    Raises:
        SourceUnreadable: it cannot be read.
    """
    top = load_yaml(path)
    reading = _Reading({**environ, **_texts(top.get("environment_variables"), environ)})
    for entry in _list(top.get("model_list")):
        reading.add_deployment(entry)
    settings = {name: _map(top.get(name)) for name in ("router_settings", "litellm_settings", "general_settings")}
    fallbacks = _list(settings["router_settings"].get("fallbacks") or settings["litellm_settings"].get("fallbacks"))
    master = reading.secret(settings["general_settings"].get("master_key"), "the master key")
    aliases = tuple(reading.aliases(fallbacks, _map(settings["router_settings"].get("model_group_alias"))))
    for name in sorted(top.keys() - {"model_list", "environment_variables", *settings}, key=str):
        reading.leave(f"{name} of {path.name}", "there is nothing of the kind here")
    return LitellmConfig(
        tuple(reading.providers.values()),
        aliases,
        reading.prices,
        master if len(master) >= _LEAST_KEY_CHARS else "",
        tuple(reading.left_behind),
    )


_LEAST_KEY_CHARS: Final = 8


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    environ: Mapping[str, str]
    providers: dict[tuple[str, ...], Provider] = field(default_factory=dict)
    targets: dict[str, list[Target]] = field(default_factory=dict)
    prices: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_behind: list[LeftBehind] = field(default_factory=list)
    naming: ProviderNaming = field(default_factory=ProviderNaming)

    def leave(self, what: str, why: str) -> None:
        self.left_behind.append(LeftBehind(what, why))

    def secret(self, said: Any, what: str) -> str:
        """Return a text that may be a pointer to a variable; "" where there is none."""
        text = said if isinstance(said, str) else ""
        if not text.startswith(POINTER):
            return text
        name = text.removeprefix(POINTER)
        if not self.environ.get(name):
            self.leave(
                what, f"the variable {name} is not set; set it and run the import again, or set it in the provider"
            )
        return self.environ.get(name, "")

    def add_deployment(self, entry: Any) -> None:
        said, shown = _map(entry), str(_map(entry).get("model_name", ""))
        params = _map(said.get("litellm_params"))
        whole = str(params.get("model", ""))
        vendor, slash, model = whole.partition("/")
        if isinstance(params.get("custom_llm_provider"), str):
            vendor, model = params["custom_llm_provider"], whole.removeprefix(f"{params['custom_llm_provider']}/")
        elif not slash:
            vendor, model = "openai", whole
        provider = self._provider(vendor, params, f"the deployment {whole!r} of {shown!r}")
        if provider is None or not shown or not model:
            return
        weight = params.get("weight")
        target = Target(f"{provider.name}/{model}", weight=weight if isinstance(weight, int) and weight > 0 else 1)
        if shown != target.name:
            self.targets.setdefault(shown, []).append(target)
        if (price := _price(params, _map(said.get("model_info")))) is not None:
            self.prices[target.name] = {"provider": provider.name, "model": model, **price}
        if params.keys() & {"rpm", "tpm", "max_parallel_requests"}:
            self.leave(f"rates of the deployment {whole!r}", f"set a limit on model:{target.name}")

    def _provider(self, vendor: str, params: Mapping[str, Any], what: str) -> Provider | None:
        """Return the provider that a deployment is one of, None where it cannot be one of ours."""
        kind = _KINDS.get(vendor, vendor)
        base_url = self.secret(params.get("api_base") or params.get("base_url"), f"the address of {what}").rstrip("/")
        row = preset(kind)
        if row is None or (vendor == "openai" and base_url and base_url != row.base_url):
            row, kind = preset(COMPATIBLE), COMPATIBLE
        address = _address(kind, base_url, row.base_url if row is not None else "", params)
        if not address or "{" in address:
            self.leave(what, f"its vendor {vendor!r} is none that we know, or it has no api_base")
            return None
        secret = self._credential(kind, params, what)
        identity = kind, address, secret
        if identity not in self.providers:
            name = self.naming.name(vendor.replace("_", "-"), str(len(self.providers) + 1))
            self.providers[identity] = Provider(
                name=name, kind=kind, base_url=address, secret=secret or None, origin="database"
            )
        return self.providers[identity]

    def _credential(self, kind: str, params: Mapping[str, Any], what: str) -> str:
        if kind == "amazon-bedrock" and params.get("aws_access_key_id"):
            names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
            parts = [self.secret(params.get(name), f"{name} of {what}") for name in names]
            return ":".join(part for part in parts if part)
        if kind == "google-vertex-ai":
            credentials = self.secret(params.get("vertex_credentials"), f"the credentials of {what}")
            if credentials and not credentials.lstrip().startswith("{"):
                self.leave(f"the credentials of {what}", "they are in a file; give the provider what is in it")
            return credentials if credentials.lstrip().startswith("{") else ""
        return self.secret(params.get("api_key"), f"the key of {what}")

    def aliases(self, fallbacks: list[Any], others: Mapping[str, Any]) -> Iterator[Alias]:
        """Yield what clients ask for; of several fallbacks the first is one here, and its own comes after it."""
        first = {str(name): _list(names) for one in fallbacks for name, names in _map(one).items()}
        for name, targets in self.targets.items():
            alias = Alias(name, tuple(targets), selection="weighted" if len(targets) > 1 else "ordered")
            onward = [str(one) for one in first.get(name, [])]
            if len(onward) > 1:
                self.leave(
                    f"the fallbacks of {name!r} after the first", f"an alias has one; give {onward[0]!r} its own"
                )
            yield replace(alias, fallback=onward[0]) if onward else alias
        for name, target in others.items():
            model = target.get("model") if isinstance(target, Mapping) else target
            if isinstance(model, str) and name not in self.targets:
                yield Alias(str(name), (Target(model),))


def _address(kind: str, base_url: str, usual: str, params: Mapping[str, Any]) -> str:
    match kind:
        case "azure-deployments":
            version = params.get("api_version") or AZURE_VERSION
            return f"{base_url.removesuffix('/openai')}/openai?api-version={version}" if base_url else ""
        case "amazon-bedrock":
            return base_url or usual.replace("{region}", str(params.get("aws_region_name") or "us-east-1"))
        case "google-vertex-ai":
            place = str(params.get("vertex_location") or "us-central1")
            project = str(params.get("vertex_project") or "")
            filled = usual.replace("{location}", place).replace("{project_id}", project)
            return base_url or (filled if project else "")
        case _ if base_url and kind in _V1_OF_LOCAL:
            return f"{base_url.removesuffix('/v1')}/v1"
        case _:
            return base_url or usual


def _price(params: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the rates that the operator has set, in our words: there they are US dollars for a token."""
    for said in (params, info):
        if all(said.get(name) is not None for name in _COSTS):
            rates = {ours: _rate(said[name]) for name, ours in _COSTS.items()}
            return {name: rate for name, rate in rates.items() if rate} if all(rates.values()) else None
    return None


_COSTS: Final = {"input_cost_per_token": "input_per_1m", "output_cost_per_token": "output_per_1m"}


def _rate(said: Any) -> str:
    """Return US dollars for a million tokens, "" for what is no price."""
    try:
        rate = Decimal(str(said)) * MILLION
    except ArithmeticError:
        return ""
    return f"{rate.quantize(Decimal(1) / NANO).normalize():f}" if 0 <= rate <= MAX_RATE // NANO else ""


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the file itself sets."""
    said = {str(name): str(text) for name, text in _map(value).items() if isinstance(text, str | int | float)}
    return {
        name: environ.get(text.removeprefix(POINTER), "") if text.startswith(POINTER) else text
        for name, text in said.items()
    }
