"""Gemini's answers without generation: `countTokens`, `embedContent`, `batchEmbedContents`, and Vertex's `predict`.

From the Gemini API reference ("Counting tokens", "Embeddings") and Vertex AI's ("CountTokens API", "Text embeddings
API"), read 2026-11.
"""

from typing import Final, cast

from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.google import turns as gemini_turns
from tokenrouter.sandbox.google.errors import invalid
from tokenrouter.sandbox.google.json import Message, read
from tokenrouter.sandbox.google.request import understood
from tokenrouter.sandbox.google.surface import Surface
from tokenrouter.sandbox.openai import embeddings
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.tokens import Usage

MAX_BATCH: Final = 100


def count_tokens(question: Question, surface: Surface) -> Answer:
    """Counts a prompt as `generateContent` would; nothing is billed for it."""
    message = read(surface.declared, "CountTokensRequest", question.fields.values)
    whole = cast(Message | None, message.get("generate_content_request"))
    if whole is not None and message.get("contents"):
        raise invalid("Only one of contents and generate_content_request may be set.")
    request = understood(whole if whole is not None else message, question.raw, question.model, surface)
    total = request.ask.tokens(question.model.tokenizer)
    counted = {"TEXT": total - request.media.total(), **request.media}
    details = [{"modality": name, "tokenCount": count} for name, count in counted.items() if count]
    return Answer(Usage(0), lambda: {"totalTokens": total, "promptTokensDetails": details})


def embed(question: Question, surface: Surface) -> Answer:
    """`embedContent`: one vector."""
    message = read(surface.declared, "EmbedContentRequest", question.fields.values)
    made, tokens = _embedding(message, question, "EmbedContentRequest")
    counts = {"promptTokenCount": tokens, "totalTokenCount": tokens}
    return Answer(Usage(tokens), lambda: {"embedding": {"values": made}, "usageMetadata": counts})


def embed_batch(question: Question, surface: Surface) -> Answer:
    """`batchEmbedContents`: a vector for each request; each has to name the model of the path."""
    message = read(surface.declared, "BatchEmbedContentsRequest", question.fields.values)
    requests = cast(list[Message], message.get("requests") or [])
    if not 0 < len(requests) <= MAX_BATCH:
        raise invalid(f"* BatchEmbedContentsRequest.requests: from 1 to {MAX_BATCH} requests can be in one batch\n")
    vectors, total = [], 0
    for number, request in enumerate(requests):
        path = f"BatchEmbedContentsRequest.requests[{number}]"
        if request.get("model") != f"models/{question.model.name}":
            raise invalid(f"* {path}.model: must match the model of the request, models/{question.model.name}\n")
        made, tokens = _embedding(request, question, path)
        vectors.append({"values": made})
        total += tokens
    return Answer(Usage(total), lambda: {"embeddings": vectors})


def predict(question: Question, surface: Surface) -> Answer:
    """Vertex AI's `predict` of an embedding model."""
    message = read(surface.declared, "PredictRequest", question.fields.values)
    parameters = cast(Message, message.get("parameters") or {})
    predictions, total = [], 0
    for instance in cast(list[Message], message.get("instances") or []):
        asked = {"content": {"parts": [{"text": instance.get("content") or ""}]}, **parameters}
        made, tokens = _embedding(asked, question, "PredictRequest")
        statistics = {"token_count": tokens, "truncated": False}
        predictions.append({"embeddings": {"values": made, "statistics": statistics}})
        total += tokens
    return Answer(Usage(total), lambda: {"predictions": predictions, "metadata": {"billableCharacterCount": total}})


def _embedding(message: Message, question: Question, path: str) -> tuple[list[float], int]:
    model = question.model
    if model.says != "vectors" and model.fault is None:
        raise invalid(f"models/{model.name} does not support embedContent.")
    content = cast(Message, message.get("content") or {})
    text = gemini_turns.text_of(content)
    if not text:
        raise invalid(f"* {path}.content: contents is not specified\n")
    config = cast(Message, message.get("embed_content_config") or {})
    asked = cast(int | None, message.get("output_dimensionality") or config.get("output_dimensionality"))
    if asked is not None and not 0 < asked <= model.dimensions:
        raise invalid(f"* {path}.output_dimensionality: must be from 1 to {model.dimensions}, not {asked}\n")
    return embeddings.vector(text, asked or model.dimensions), model.tokenizer.count(text)
