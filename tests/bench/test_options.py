import pytest

from bench import options


def test_without_arguments_everything_is_measured() -> None:
    wanted = options.parse([])

    assert wanted.parts == options.PARTS
    assert wanted.targets == options.TARGETS
    assert wanted.sizes_kb == (0.3, 20.0, 200.0)


@pytest.mark.parametrize(("part", "is_beside_nginx"), [("whole", True), ("tls", True), ("translation", False)])
def test_what_is_compared_with_nginx_names_its_version(part: str, is_beside_nginx: bool) -> None:
    assert options.parse([part]).is_beside_nginx is is_beside_nginx


def test_a_running_gateway_is_named_by_address_and_process() -> None:
    wanted = options.parse(["whole", "--target", "gateway=http://127.0.0.1:8080", "--pid", "4711"])

    assert wanted.running == options.Running("gateway", 8080, 4711)
    assert wanted.upstream_port == options.ITERATING_PORT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hole"], "no part is called 'hole'"),
        (["--only", "nginx,apache"], "no target is called 'apache'"),
        (["--target", "gateway=http://127.0.0.1:8080"], "--pid"),
    ],
)
def test_a_mistake_is_named(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options.parse(arguments)

    assert message in capsys.readouterr().err
