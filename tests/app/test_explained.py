from pathlib import Path

import msgspec

from tests.edge.serving import service
from tests.gateway.fakes import KEY, Notes, Provided, Scripted, catalog
from tokenrouter.app.channel import Explained, ExplainWanted
from tokenrouter.app.explained import explained
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.directory import Directory

ACME = Provider("acme", "sandbox", "http://127.0.0.1:9/v1", secret="sk-acme", models=("small",))


async def answered(folder: Path, body: object, key: bytes = KEY) -> tuple[Explained, Provided]:
    provided = Provided(Scripted(200, b"application/json", [b"{}"]))
    explainer = service(folder, Notes(), provided).explainer
    directory = Directory(catalog(providers=(ACME,)), b"")
    wanted = ExplainWanted(7, key_digest(key, b""), "192.0.2.7", msgspec.json.encode(body))
    return await explained(explainer, directory, wanted), provided


async def test_a_question_is_answered_with_the_explanation_and_nobody_is_asked(tmp_path: Path) -> None:
    answer, provided = await answered(tmp_path, {"operation": "messages", "request": {"model": "acme/small"}})

    told = msgspec.json.decode(answer.told)
    assert (answer.asked, answer.status) == (7, 200)
    assert (told["operation"], [place["target"] for place in told["places"]]) == ("messages", ["acme/small"])
    assert provided.asked == []


async def test_a_request_that_would_be_refused_is_answered_with_its_error(tmp_path: Path) -> None:
    nowhere, _ = await answered(tmp_path, {"request": {"model": "nowhere/small", "provider": {"only": ["x"]}}})
    unread, _ = await answered(tmp_path, {"operation": "dance", "request": {}})
    unknown, _ = await answered(tmp_path, {"request": {"model": "acme/small"}}, key=b"tr_unknown-0123456789")

    assert (nowhere.status, nowhere.code, nowhere.told) == (404, "model_not_found", b"")
    assert (unread.status, unknown.status) == (400, 401)
    assert "operation" in unread.message
