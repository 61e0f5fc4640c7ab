"""How Sphinx makes pages of these documents: `make docs`."""

import re

from sphinx.application import Sphinx

from tokenrouter import __version__

project = "TokenRouter"
author = "The TokenRouter authors"
release = __version__
extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["images", "man"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"TokenRouter {__version__}"
# Nothing is loaded from elsewhere when a page is read.
html_permalinks_icon = "#"
pygments_style = "default"
# Documents that lie beside this folder (README, DESIGN, …) are handed out as files.
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]


def setup(app: Sphinx) -> None:
    """Let the list of index.md be the list beside every page too."""
    app.connect("source-read", _add_contents)


def _add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    if name != root_doc:
        return
    for part in source[0].split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        pages = re.findall(r"^- \[[^]]*\]\(((?!\.\.)[^)]*)\.md\)", text, re.MULTILINE)
        lines = ["", "```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```", ""]
        source[0] += "\n".join(lines)
