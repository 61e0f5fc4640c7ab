"""JSON as people write it into settings: with comments, and with a comma behind the last."""

import json
import re
from typing import Any, Final

_PIECE: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA: Final = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)


def read_commented_json(text: str) -> Any:
    """Return the value.

    Raises:
        ValueError: it is no JSON, comments left aside.
    """
    plain = _PIECE.sub(lambda found: found[0] if found[0][0] == '"' else " ", text.removeprefix("\ufeff"))
    return json.loads(_LAST_COMMA.sub(lambda found: found[0] if found[0][0] == '"' else "", plain))
