"""A UI as the build would leave it, with next to nothing in it."""

import gzip
import json
from pathlib import Path
from typing import Final

from tokenrouter.admin.ui_files import UiFiles

UI: Final = '<div id="root">'
"""What tells the UI's page from others."""
SCRIPT: Final = "start-a1B2c3D4.js"
PRELOADS: Final = {
    "": ["frame-1.js"],
    "me": ["me-1.js"],
    "usage": ["frame-1.js", "usage-1.js", "usage-1.css", 'x"><script>'],
}
TEXT: Final = b"console.log('the whole UI')"


def build_ui(folder: Path) -> UiFiles:
    """Build into `folder`. The compressed copy says something else, so that a test can tell them apart."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    head = f'<meta property="csp-nonce" nonce="__CSP_NONCE__"><script src="/admin/assets/{SCRIPT}"></script>'
    (folder / "index.html").write_text(f"<head>{head}</head>{UI}</div>")
    (folder / "preloads.json").write_text(json.dumps(PRELOADS))
    (assets / SCRIPT).write_bytes(TEXT)
    (assets / f"{SCRIPT}.br").write_bytes(b"in brotli")
    (assets / f"{SCRIPT}.gz").write_bytes(gzip.compress(TEXT))
    (assets / "small-1.css").write_text("body{}")
    return UiFiles(folder)
