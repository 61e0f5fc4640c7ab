import pytest

from tokenrouter.edge import paths


@pytest.mark.parametrize("prefix", ["", "/v1", "/openai", "/openai/v1"])
@pytest.mark.parametrize("operation", ["chat/completions", "completions", "embeddings", "responses"])
def test_every_operation_is_served_below_every_prefix(prefix: str, operation: str) -> None:
    target = paths.find(f"{prefix}/{operation}".encode())

    assert target is not None
    assert target.dialect is not None


def test_a_model_id_may_hold_slashes() -> None:
    path = b"/v1/models/sandbox/fault/400"

    assert paths.find(path) is not None
    assert paths.model_id(path) == b"sandbox/fault/400"


def test_no_path_belongs_to_both_processes() -> None:
    assert not [path for path in paths.TARGETS if paths.is_control(path)]
    assert paths.is_control(b"/")
    assert paths.is_control(b"/admin/setup")
    assert not paths.is_control(b"/administrator")
