"""Between equal dialects the bytes pass as they are, both ways, but for what DESIGN.md names."""

import json

import pytest

from tests.e2e.hostile.answers import TONGUES
from tests.e2e.hostile.asking import CLIENTS, Asker, Client
from tests.e2e.hostile.bodies import FULL
from tests.e2e.hostile.upstream import Upstream
from tests.recordings.test_relayed_requests import fields_in

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("hostile")]

ODD = '"x-unknown" : [ 1.0e0,\n\t-0.0, "\\u00e9\\/", {"a":1, "a":2} ]'
"""A field that nobody knows, in a layout that no program would write anew."""


def odd_body(client: Client, *, stream: bool) -> str:
    """Return a request with everything in it, laid out oddly."""
    told = json.dumps(FULL[client], indent=1)[1:-1].strip()
    named = "" if client == "gemini" else f'"stream":{str(stream).lower()} ,\n "model" :"{client}/m", '
    return f"{{ {named}{ODD}, {told}\n}}\n"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("client", CLIENTS)
def test_only_the_models_name_changes_in_a_request(
    client: Client, stream: bool, asker: Asker, upstream: Upstream
) -> None:
    tongue = TONGUES[client]
    upstream.lay(*((tongue.stream, tongue.stream_type) if stream else (tongue.whole,)))
    body = odd_body(client, stream=stream)

    assert asker.send(client, body, f"{client}/m", stream=stream).status == 200

    asked = upstream.asked.decode()
    if client == "gemini":
        assert asked == body
    else:
        assert dict(fields_in(asked)) == {**dict(fields_in(body)), "model": '"m"'}


@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer_is_not_touched(client: Client, asker: Asker, upstream: Upstream) -> None:
    tongue = TONGUES[client]
    body = odd_body(client, stream=False)
    upstream.lay(tongue.whole)

    assert asker.send(client, body, f"{client}/m").body == tongue.whole


@pytest.mark.parametrize("client", CLIENTS)
def test_a_stream_is_not_touched(client: Client, asker: Asker, upstream: Upstream) -> None:
    """The client asked for the usage itself, so that even its event passes."""
    tongue = TONGUES[client]
    body = odd_body(client, stream=True)
    upstream.lay(tongue.first, tongue.stream_type, later=tongue.stream.removeprefix(tongue.first))

    answer = asker.send(client, body, f"{client}/m", stream=True, begun=upstream.go_on.set)

    assert answer.body == tongue.stream


@pytest.mark.parametrize("client", CLIENTS)
def test_the_usage_is_asked_for_where_the_client_does_not(client: Client, asker: Asker, upstream: Upstream) -> None:
    tongue = TONGUES[client]
    upstream.lay(tongue.stream, tongue.stream_type)

    asker.ask(client, f"{client}/m", stream=True)

    asks = json.loads(upstream.asked).get("stream_options")
    assert asks == ({"include_usage": True} if client == "chat" else None)
