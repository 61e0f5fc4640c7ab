"""Reranking: `POST /v1/rerank`, as Cohere and Jina answer it; OpenAI has none.

From Cohere's API reference ("Rerank API v2") and Jina's ("Reranker API"), read 2026-11: both take the same request, and
the answer carries what either one's clients read. A document is as relevant as it has words of the query.
"""

import re
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.tokens import Usage

MAX_DOCUMENTS: Final = 1000
_KNOWN: Final = (
    "model", "query", "documents", "top_n", "return_documents", "max_tokens_per_doc", "priority", "truncation", "user",
)  # fmt: skip
_WORDS: Final = re.compile(r"\w+")


def answer(question: Question) -> Answer:
    """Raises: ApiError, for a request that the vendor would refuse."""
    fields = question.fields
    fields.only(_KNOWN)
    query, documents = fields.required_text("query"), _documents(fields)
    top = fields.integer("top_n", 1, 2**31 - 1) or len(documents)
    shows = fields.flag("return_documents") is True
    count = question.model.tokenizer.count
    usage = Usage(sum(count(query) + count(document) for document in documents))
    scores = [(_relevance(query, document), index) for index, document in enumerate(documents)]
    best = sorted(scores, key=lambda scored: (-scored[0], scored[1]))[:top]

    def document() -> dict[str, object]:
        results = [_result(index, score, documents[index] if shows else None) for score, index in best]
        return {
            "id": ids.letters("rerank-"),
            "object": "list",
            "model": question.model.name,
            "results": results,
            "usage": {"prompt_tokens": usage.prompt, "total_tokens": usage.total},
            "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
        }

    return Answer(usage, document)


def _documents(fields: Fields) -> list[str]:
    given = fields.array("documents")
    if not given or len(given) > MAX_DOCUMENTS:
        fields.refuse("documents", f"Invalid 'documents': expected 1 to {MAX_DOCUMENTS} documents.")
    texts: list[str] = []
    for index, each in enumerate(given):
        if isinstance(each, dict):
            texts.append(Fields(each, f"documents[{index}]").required_text("text"))
        elif isinstance(each, str):
            texts.append(each)
        else:
            fields.wrong_type(f"documents[{index}]", "a string or an object", each)
    return texts


def _relevance(query: str, document: str) -> float:
    wanted, found = set(_WORDS.findall(query.lower())), set(_WORDS.findall(document.lower()))
    return round(len(wanted & found) / len(wanted), 6) if wanted else 0.0


def _result(index: int, score: float, document: str | None) -> dict[str, object]:
    shown = {} if document is None else {"document": {"text": document}}
    return {"index": index, "relevance_score": score, **shown}
