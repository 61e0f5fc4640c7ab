"""The OpenAPI document as a file of the repository, for whoever makes clients without a server at hand.

    python -m tests.repo.openapi_file

writes it anew; `test_openapi_file.py` says when that is due.
"""

import json
from typing import Final

from tests.repo.files import ROOT
from tokenrouter.admin.app import api_document

FILE: Final = ROOT / "docs" / "openapi.json"


def written() -> str:
    """Return the file as it should be."""
    return json.dumps(api_document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
