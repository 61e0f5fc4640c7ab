"""TokenRouter: one endpoint for all AI providers.

Nothing is imported here, so that every process loads only what it uses (see DESIGN.md, "Layout").
"""

from typing import Final

__version__: Final = "0.1.0"
