"""Model servers on the operator's own machine, and what tells one kind from another (pure).

Every kind answers a path of its own, but some imitate each other: llama.cpp's server has Ollama's list of models, and
LM Studio answers any path with status 200 and an error. So what is asked first is a kind's own path, and once, before
it is believed, a path of its imitators. Nothing else is asked, and only by GET.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

OLLAMA_PATH: Final = "/api/tags"
"""https://docs.ollama.com/api/tags (2026-11)."""
LMSTUDIO_PATH: Final = "/api/v0/models"
"""https://lmstudio.ai/docs/developer/rest/endpoints (2026-11)."""
PROPS_PATH: Final = "/props"
MODELS_PATH: Final = "/v1/models"
"""Both of llama.cpp: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md (2026-11); with a key
set, only the second is answered."""

Said = Mapping[str, Any]
"""By path, the JSON value that a server answered with 200; what it did not answer so is missing."""


@dataclass(frozen=True, slots=True)
class LocalKind:
    """One kind of server.

    Attributes:
        kind: its row in presets.toml.
        ports: where it listens when nobody said otherwise, the first being the usual one.
        path: what it alone answers in its way.
        foes: what is asked besides, once, to tell it from its imitators.
        is_own: whether an answer to `path` is this kind's.
        is_foe: whether the answers to `foes` are another kind's.
        is_numbered: whether the port is part of its name even at the usual port: there may be several.
        programs: words of a command line by which its processes are found, and the port of those that name none.
    """

    kind: str
    ports: tuple[int, ...]
    path: str
    is_own: Callable[[Any], bool]
    foes: tuple[str, ...] = ()
    is_foe: Callable[[Said], bool] = lambda _: False
    is_numbered: bool = False
    programs: tuple[str, ...] = ()

    def is_it(self, said: Said) -> bool:
        """Whether a server that said so, to all of its paths, is of this kind."""
        return self.is_own(said.get(self.path)) and not self.is_foe(said)

    def name_at(self, port: int, usual_port: int) -> str:
        """Return what the provider is called, as TokenRouter-Go called it."""
        return self.kind if port == usual_port and not self.is_numbered else f"{self.kind}-local-{port}"


def _entries(said: Any, field: str) -> list[Any] | None:
    entries = said.get(field) if isinstance(said, dict) else None
    return entries if isinstance(entries, list) else None


def _is_ollama_list(said: Any) -> bool:
    return _entries(said, "models") is not None


def _is_lmstudio_list(said: Any) -> bool:
    """Whether every model says what only LM Studio's say: whether it is loaded."""
    entries = _entries(said, "data")
    return entries is not None and all(isinstance(one, dict) and "state" in one for one in entries)


def _is_owned_by(owner: str) -> Callable[[Any], bool]:
    """Return a test for a list of models of which at least one is `owner`'s."""

    def is_owned(said: Any) -> bool:
        entries = _entries(said, "data") or []
        return any(isinstance(one, dict) and one.get("owned_by") == owner for one in entries)

    return is_owned


def _is_llama_cpp(said: Said) -> bool:
    """Whether `/props` is llama.cpp's: nobody else has these settings."""
    props = said.get(PROPS_PATH)
    return isinstance(props, dict) and "default_generation_settings" in props


LOCAL_KINDS: Final = (
    LocalKind("ollama", (11434,), OLLAMA_PATH, _is_ollama_list, (PROPS_PATH,), _is_llama_cpp),
    LocalKind(
        "lmstudio",
        (1234,),
        LMSTUDIO_PATH,
        _is_lmstudio_list,
        (OLLAMA_PATH,),
        lambda said: _is_ollama_list(said.get(OLLAMA_PATH)),
    ),
    LocalKind("vllm", (8000,), MODELS_PATH, _is_owned_by("vllm")),
    LocalKind(
        "llama-cpp",
        (7050, 8080, 8081, 8082, 8083, 8000, 1337),
        MODELS_PATH,
        _is_owned_by("llamacpp"),
        is_numbered=True,
        programs=("llama-server", "llama_cpp.server", "llama-cpp-python"),
    ),
)
"""All kinds; the ports are those that TokenRouter-Go looked at."""
DEFAULT_PORTS: Final[Mapping[str, tuple[int, ...]]] = {kind.kind: kind.ports for kind in LOCAL_KINDS}


def is_any_model_list(said: Any) -> bool:
    """Whether this is a list of models of OpenAI's shape; enough for a process that was found by its command line."""
    entries = _entries(said, "data")
    return bool(entries) and all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in entries or ())


def joinable_names(ports: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    """Return every name that a server at one of `ports` (by kind) would get."""
    return tuple(kind.name_at(port, at[0]) for kind in LOCAL_KINDS if (at := ports.get(kind.kind, ())) for port in at)
