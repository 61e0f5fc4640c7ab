"""The end of a Gemini stream whose answer is not to become longer, as if `maxOutputTokens` had been reached."""

import msgspec

from tokenrouter.domain.ledger import Usage


def cut_chunks(usage: Usage, answers: int) -> bytes:
    """Return the last chunk: it says why each candidate ended, and what was used."""
    told, said, thought = usage.input_tokens, usage.output_tokens, usage.reasoning_tokens
    chunk = {
        "candidates": [
            {"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "MAX_TOKENS", "index": index}
            for index in range(answers)
        ],
        "usageMetadata": {
            "promptTokenCount": told,
            "candidatesTokenCount": said - thought,
            "thoughtsTokenCount": thought,
            "totalTokenCount": told + said,
        },
    }
    return b"data: " + msgspec.json.encode(chunk) + b"\r\n\r\n"
