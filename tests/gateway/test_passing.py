"""What stands between the road and a client's side of an answer."""

from tests.gateway.fakes import Client, Scripted
from tokenrouter.gateway.passing import Passing


def test_a_whole_answer_passes_as_it_is() -> None:
    client = Client()
    Passing(client).answer(200, b"x: y\r\n", b"hello")
    assert (client.status, client.headers, client.body, client.finished) == (200, b"x: y\r\n", b"hello", True)


def test_an_answer_in_pieces_passes_with_its_flow() -> None:
    client, flow = Client(), Scripted(200, b"", [])
    passing = Passing(client)
    passing.flow = flow
    assert (client.flow, passing.flow, passing.started) == (flow, flow, False)

    passing.start(200, b"", None)
    passing.write(b"a")
    passing.write(b"b")
    assert (passing.started, client.body, client.finished) == (True, b"ab", False)

    passing.finish()
    assert client.finished
