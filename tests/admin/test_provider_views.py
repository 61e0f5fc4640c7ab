from dataclasses import replace

from tokenrouter.admin.provider_views import display_name
from tokenrouter.domain.catalog import Provider

AUTO = Provider("found", "ollama", "http://127.0.0.1:11434/v1", origin="automatic")


def test_a_vendor_has_its_own_name_where_the_provider_is_called_as_its_type() -> None:
    assert display_name(replace(AUTO, name="ollama")) == "Ollama (local)"
    assert display_name(AUTO) == "found"
