"""What a change of settings at run time may not do; for API and command line."""

from collections.abc import Mapping
from typing import Any

from tokenrouter.config.changeable import with_changes
from tokenrouter.config.load import provider_names
from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.settings import Settings
from tokenrouter.domain.limit_text import Mistake, suggestion
from tokenrouter.store.settings import Check


def setting_check(declared: Settings, settings: Settings) -> Check:
    """Return what looks at all changed settings; `settings` are those that count now, `declared` what they change.

    What is returned raises InvalidValues.
    """

    def check(changed: Mapping[str, Any]) -> None:
        default, known = with_changes(declared, changed).default_provider, provider_names(settings)
        if "default_provider" in changed and default and default not in known:
            hint = suggestion(default, known) if known else "there is none yet"
            raise InvalidValues([Mistake("default_provider", f"there is no provider {default!r}; {hint}")])

    return check
