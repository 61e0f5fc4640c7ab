from fastapi.testclient import TestClient

from tests.admin.installation import ROOT
from tokenrouter.providers import presets


def test_every_known_vendor_is_listed_and_can_be_looked_for(client: TestClient) -> None:
    rows = client.get("/api/v1/provider-presets", headers=ROOT).json()["data"]
    assert [row["name"] for row in rows] == ["openai-compatible", *presets()]

    (groq,) = client.get("/api/v1/provider-presets", headers=ROOT, params={"q": "GROQ"}).json()["data"]
    assert (groq["base_url"], groq["needs_key"]) == ("https://api.groq.com/openai/v1", True)
