"""Reranking, which OpenAI does not have: a query, documents, and a score for each.

Cohere made the form (docs.cohere.com/reference/rerank), Jina, Together, vLLM and others took it over; they differ in
where they report tokens. (Pages read 2026-11.)
"""

from typing import Final

import msgspec

from tokenrouter.dialects.openai.chunks import ChunkStream
from tokenrouter.dialects.openai.dialect import OpenAiDialect
from tokenrouter.domain.ledger import Usage


class _Tokens(msgspec.Struct):
    input_tokens: float | None = None
    output_tokens: float | None = None


class _Meta(msgspec.Struct):
    tokens: _Tokens | None = None


class _WithMeta(msgspec.Struct):
    meta: _Meta | None = None


_with_meta: Final = msgspec.json.Decoder(_WithMeta)


class RerankDialect(OpenAiDialect):
    """Usage stands where OpenAI has it, or in Cohere's `meta`."""

    def whole_usage(self, body: bytes) -> Usage | None:
        return super().whole_usage(body) or _usage_in_meta(body)


def _usage_in_meta(body: bytes) -> Usage | None:
    try:
        meta = _with_meta.decode(body).meta
    except msgspec.DecodeError:
        return None
    if meta is None or meta.tokens is None or meta.tokens.input_tokens is None:
        return None
    return Usage(max(0, int(meta.tokens.input_tokens)), max(0, int(meta.tokens.output_tokens or 0)))


RERANK: Final = RerankDialect("rerank", "rerank", ChunkStream(), required=("query", "documents"), arrays=("documents",))
