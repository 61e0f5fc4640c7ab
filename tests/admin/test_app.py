from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tokenrouter.admin.app import create_app
from tokenrouter.edge import paths


def test_every_route_but_the_internal_one_is_relayed_by_the_edge(installation: Installation) -> None:
    document = installation.app().openapi()

    own = [path for path in document["paths"] if paths.find(path.encode()) is None]
    assert own
    assert not [path for path in own if not paths.is_control(path.encode())]
    assert not paths.is_control(b"/internal/usage")


def test_two_applications_share_nothing(installation: Installation) -> None:
    first, second = create_app(installation.state), create_app(installation.state)

    assert first is not second
    assert TestClient(second).get("/api/v1/version", headers=ROOT).status_code == 200
