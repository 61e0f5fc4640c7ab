from tokenrouter.gateway.nobody import Nobody
from tokenrouter.gateway.ports import Responder


def test_nobody_takes_everything_and_counts_as_told() -> None:
    nobody: Responder = Nobody()
    nobody.start(200, b"", None)
    nobody.write(b"x")
    nobody.finish()
    nobody.answer(200, b"", b"x")

    assert nobody.started
    assert nobody.flow is None
