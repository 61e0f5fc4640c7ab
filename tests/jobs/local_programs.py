"""What model servers answer to GETs, written after their documentation (the pages in `providers/local_servers.py`)."""

from typing import Final

OLLAMA: Final[dict[str, object]] = {
    "/": "Ollama is running",
    "/api/version": {"version": "0.12.6"},
    "/api/tags": {"models": [{"name": "llama3:8b", "model": "llama3:8b", "details": {"format": "gguf"}}]},
    "/v1/models": {"object": "list", "data": [{"id": "llama3:8b", "object": "model", "owned_by": "library"}]},
}
"""Ollama: whoever made a model owns it, `library` its own."""
LMSTUDIO: Final[dict[str, object]] = {
    "/api/v0/models": {
        "object": "list",
        "data": [{"id": "qwen2", "object": "model", "type": "llm", "state": "not-loaded"}],
    },
    "/v1/models": {"object": "list", "data": [{"id": "qwen2", "object": "model", "owned_by": "organization_owner"}]},
    "/api/tags": {"error": "Unexpected endpoint or method. (GET /api/tags)"},
    "/props": {"error": "Unexpected endpoint or method. (GET /props)"},
}
"""LM Studio answers what it does not know with status 200."""
LLAMA_CPP: Final[dict[str, object]] = {
    "/health": {"status": "ok"},
    "/props": {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 1, "build_info": "b8681"},
    "/v1/models": {
        "object": "list",
        "models": [{"name": "qwen3.gguf", "model": "qwen3.gguf", "details": {"format": "gguf"}}],
        "data": [{"id": "qwen3.gguf", "object": "model", "owned_by": "llamacpp"}],
    },
    "/api/tags": {"models": [{"name": "qwen3.gguf", "model": "qwen3.gguf", "details": {"format": "gguf"}}]},
}
"""llama.cpp has Ollama's list, too, for its clients."""
LLAMA_CPP_LOADING: Final[dict[str, object]] = {
    path: (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
    for path in ("/health", "/props", "/v1/models")
}
LLAMA_CPP_PYTHON: Final[dict[str, object]] = {
    "/v1/models": {"object": "list", "data": [{"id": "m.gguf", "object": "model", "owned_by": "me"}]},
}
VLLM: Final[dict[str, object]] = {
    "/health": "",
    "/version": {"version": "0.28.0"},
    "/v1/models": {
        "object": "list",
        "data": [{"id": "facebook/opt-125m", "object": "model", "owned_by": "vllm", "root": "facebook/opt-125m"}],
    },
}
