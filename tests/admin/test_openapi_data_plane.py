from tokenrouter.admin.openapi_data_plane import PATHS
from tokenrouter.edge import paths


def test_every_described_path_is_served_by_the_edge_with_that_method() -> None:
    for path, operations in PATHS.items():
        target = paths.find(path.replace("{model}", "m").encode())
        assert target is not None, path
        assert set(target.method.decode().lower().split(", ")) <= operations.keys(), path


def test_every_path_that_the_edge_serves_below_v1_is_described() -> None:
    served = {path.decode() for path in paths.TARGETS if path.startswith(b"/v1/") and path != b"/v1/"}

    assert served <= PATHS.keys()


def test_health_needs_no_key_and_all_else_does() -> None:
    keyless = {path for path, item in PATHS.items() for op in item.values() if "security" not in op}

    assert keyless >= {"/healthz", "/health", "/readyz"}
    assert "/v1/usage" not in keyless
