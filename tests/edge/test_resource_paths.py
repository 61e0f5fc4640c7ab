import pytest

from tokenrouter.edge import paths
from tokenrouter.edge.resource_paths import METHODS
from tokenrouter.gateway.account.call import ResourceTarget


@pytest.mark.parametrize("prefix", ["", "/v1", "/openai", "/openai/v1"])
@pytest.mark.parametrize(
    ("path", "target", "methods"),
    [
        ("/files", ResourceTarget("file"), b"GET, POST"),
        ("/files/file-1", ResourceTarget("file", "item", "file-1"), b"DELETE, GET"),
        ("/files/file-1/content", ResourceTarget("file", "content", "file-1"), b"GET"),
        ("/batches", ResourceTarget("batch"), b"GET, POST"),
        ("/batches/b%2F1", ResourceTarget("batch", "item", "b/1"), b"GET"),
        ("/batches/b/cancel", ResourceTarget("batch", "cancel", "b"), b"POST"),
    ],
)
def test_every_path_leads_to_its_target(prefix: str, path: str, target: ResourceTarget, methods: bytes) -> None:
    found = paths.find((prefix + path).encode())

    assert found is not None
    assert (found.resource, found.method) == (target, methods)


@pytest.mark.parametrize(
    "path", ["/v1/files/", "/v1/files//content", "/v1/files/a/b", "/v1/files/a/cancel", "/v1/batches/a/content"]
)
def test_other_paths_lead_nowhere(path: str) -> None:
    assert paths.find(path.encode()) is None


def test_every_target_has_its_methods() -> None:
    assert all(b"GET" in methods or b"POST" in methods for methods in METHODS.values())
