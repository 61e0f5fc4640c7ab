"""Captured requests, as an edge would have kept them."""

import json
from typing import Any

from tokenrouter.config.sealing import Sealing
from tokenrouter.domain.capture import Captured

SEALING = Sealing(b"k" * 32)
NOON_US = 1_767_268_800_000_000


def chat_body(*said: str, system: str = "") -> bytes:
    """A chat request in which user and assistant take turns."""
    turns = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]
    told = [{"role": "system", "content": system}] if system else []
    return json.dumps({"model": "m", "messages": [*told, *turns]}).encode()


def chat_answer(text: str, answer_id: str = "chatcmpl-1") -> bytes:
    message = {"role": "assistant", "content": text}
    return json.dumps(
        {"id": answer_id, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    ).encode()


def captured(record_id: str, at_s: float = 0.0, **fields: Any) -> Captured:
    """A chat of ann's, `at_s` seconds after noon; it takes a second."""
    at_us = NOON_US + int(at_s * 1e6)
    usual: dict[str, Any] = {
        "dialect": "openai-chat",
        "operation": "chat",
        "path": "/v1/chat/completions",
        "key_id": "key_ann",
        "key": "ann",
        "user": "ann",
        "team": "physics",
        "client_ip": "10.0.0.1",
        "model": "m",
        "status": 200,
        "request_body": chat_body("hello"),
        "answer_body": chat_answer("hi"),
        "answer_headers": (("x-tokenrouter-provider", "acme"),),
        **fields,
    }
    usual = {"request_bytes": len(usual["request_body"]), "answer_bytes": len(usual["answer_body"]), **usual}
    return Captured(id=record_id, started_us=at_us, ended_us=at_us + 1_000_000, **usual)
