"""How likely tokens were: Gemini's `logprobsResult` and Chat Completions' list, each turned into the other.

Gemini keeps what was chosen and what else was likely in two lists, place by place; the hub has Chat's one list.
"""

from typing import Any, Final

import msgspec

from tokenrouter.dialects.gemini.wire import WireLogprobs, WireToken
from tokenrouter.domain.items import RawJson

Wire = dict[str, Any]


class _ChatToken(msgspec.Struct):
    token: str = ""
    logprob: float = 0.0
    top_logprobs: list["_ChatToken"] | None = None


_chat: Final = msgspec.json.Decoder(list[_ChatToken])


def chat_logprobs(result: WireLogprobs | None) -> RawJson | None:
    """Return Gemini's figures as Chat's list, None where there are none."""
    if result is None or not result.chosen_candidates:
        return None
    tops = [top.candidates or [] for top in result.top_candidates or ()]
    tops += [[]] * (len(result.chosen_candidates) - len(tops))
    return msgspec.json.encode(
        [
            {**_token(chosen), "top_logprobs": [_token(each) for each in top]}
            for chosen, top in zip(result.chosen_candidates, tops, strict=False)
        ]
    )


def _token(token: WireToken) -> Wire:
    return {
        "token": token.token,
        "logprob": token.log_probability or 0.0,
        "bytes": list(token.token.encode("utf-8", "replace")),
    }


def gemini_logprobs(logprobs: RawJson) -> Wire | None:
    """Return Chat's list as `logprobsResult`; None for a list in another shape."""
    try:
        tokens = _chat.decode(logprobs)
    except msgspec.DecodeError:
        return None
    result: Wire = {"chosenCandidates": [_candidate(token) for token in tokens]}
    if any(token.top_logprobs for token in tokens):
        result["topCandidates"] = [
            {"candidates": [_candidate(each) for each in token.top_logprobs or ()]} for token in tokens
        ]
    return result


def _candidate(token: _ChatToken) -> Wire:
    return {"token": token.token, "logProbability": token.logprob}
