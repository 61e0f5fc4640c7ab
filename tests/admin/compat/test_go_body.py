from fastapi.testclient import TestClient

from tests.admin.installation import ROOT

PATH = "/admin/api/settings/security"


def test_the_type_of_a_body_does_not_matter_and_neither_do_fields_that_are_not_known(client: TestClient) -> None:
    body = b'{"auto_remove_expired_tokens": true, "auto_detect_local_servers": true, "theme": "dark"}'

    answer = client.put(PATH, headers={**ROOT, "content-type": "application/x-www-form-urlencoded"}, content=body)

    assert answer.status_code == 200


def test_a_field_that_cannot_be_so_is_named_and_what_was_sent_is_not_repeated(client: TestClient) -> None:
    answer = client.put(PATH, headers=ROOT, json={"allow_localhost_no_auth": "sk-secret"})

    assert (answer.status_code, answer.text.partition(":")[0]) == (400, "allow_localhost_no_auth")
    assert "sk-secret" not in answer.text


def test_a_body_that_is_no_object_is_refused(client: TestClient) -> None:
    for body in (b"", b"[]", b"null", b'"x"'):
        assert client.put(PATH, headers=ROOT, content=body).status_code == 400
