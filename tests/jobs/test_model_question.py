from dataclasses import replace

from tests.jobs.little_servers import little_server
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.jobs.model_question import ask_for_models
from tokenrouter.testing.processes import SandboxProcess
from tokenrouter.upstream.client import UpstreamClient


async def test_a_list_is_read_with_its_prices() -> None:
    listed = {"data": [{"id": "a/b", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}, {"id": "c"}]}
    with little_server({"/v1/models": listed}) as server:
        provider = Provider("p", "openrouter", server.base_url, secret="x", allow_private=True)
        async with UpstreamClient() as client:
            look = await ask_for_models(client, provider, Timeouts())

    assert (look.status, look.problem, look.models) == ("online", "", ("a/b", "c"))
    assert list(look.prices) == ["a/b"]


async def test_a_page_that_keeps_programs_out_is_not_told_as_a_refused_key() -> None:
    with little_server({"/v1/models": (403, "<html><title>Just a moment...</title></html>")}) as server:
        async with UpstreamClient() as client:
            provider = Provider("p", "openai-compatible", server.base_url, allow_private=True)
            look = await ask_for_models(client, provider, Timeouts())

    assert look.status == "blocked"
    assert "keeps programs out" in look.problem


async def test_a_vendor_whose_key_is_missing_is_not_asked() -> None:
    async with UpstreamClient() as client:
        look = await ask_for_models(client, Provider("p", "openai", "https://api.openai.com/v1"), Timeouts())

    assert (look.status, look.models) == ("auth problem", None)
    assert "no key" in look.problem
    assert client.figures.failures == 0


async def test_a_provider_that_cannot_be_used_is_unknown_and_nobody_is_asked() -> None:
    async with UpstreamClient() as client:
        broken = Provider("p", "no-such-kind", "http://127.0.0.1:9/v1", allow_private=True)
        look = await ask_for_models(client, broken, Timeouts())

    assert (look.status, look.models) == ("unknown", None)
    assert "no-such-kind" in look.problem


async def test_a_private_address_that_is_not_allowed_is_offline() -> None:
    with little_server({"/v1/models": {"data": []}}) as server:
        async with UpstreamClient() as client:
            look = await ask_for_models(client, Provider("p", "openai-compatible", server.base_url), Timeouts())

    assert look.status == "offline"
    assert server.asked == []


async def test_of_several_keys_the_first_that_is_accepted_counts(sandbox: SandboxProcess) -> None:
    keys = ("sk-question-a~0", "sk-question-b~0", "sk-question-c")
    provider = Provider("p", "openai-compatible", sandbox.base_url, keys[0], allow_private=True, other_secrets=keys[1:])
    async with UpstreamClient() as client:
        look = await ask_for_models(client, provider, Timeouts())
        refused = await ask_for_models(client, replace(provider, other_secrets=keys[1:2]), Timeouts())

    assert (look.status, look.problem) == ("online", "")
    assert refused.status == "auth problem"
    assert not [key for key in keys if key in refused.problem]


async def test_a_vendor_that_repeats_the_key_does_not_have_it_shown() -> None:
    key, header = "sk-repeated-0123456789", "header-0123456789"
    refusal = {"error": {"message": f"Incorrect API key provided: {key}, with {header}"}}
    with little_server({"/v1/models": (400, refusal)}) as server:
        provider = Provider("p", "openai-compatible", server.base_url, key, allow_private=True, headers={"x": header})
        async with UpstreamClient() as client:
            look = await ask_for_models(client, provider, Timeouts())

    assert look.models is None
    assert "Incorrect API key provided: …, with …" in look.problem
