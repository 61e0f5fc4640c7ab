from dataclasses import replace

from tokenrouter.config.settings import OidcSetting
from tokenrouter.signin.oidc.clients import OidcClients
from tokenrouter.upstream.client import UpstreamClient

CORP = OidcSetting("corp", "https://idp.example", "gateway")


async def test_a_provider_keeps_what_it_has_told_until_its_table_changes() -> None:
    settings = [CORP]
    async with UpstreamClient() as upstream:
        clients = OidcClients(lambda: settings, upstream, b"k" * 32)
        first = clients.find("corp")

        assert first is clients.find("corp")
        settings[0] = replace(CORP, client_id="another")
        assert clients.find("corp") is not first
        settings.clear()
        assert clients.find("corp") is None
        assert clients.offered() == []
