"""Keys that say themselves after how many requests they are refused."""

import json
import urllib.error
import urllib.request

from tokenrouter.testing.processes import SandboxProcess


def status(sandbox: SandboxProcess, key: str, *, posts: bool = True) -> int:
    body = {"model": "echo", "messages": [{"role": "user", "content": "x"}]}
    request = urllib.request.Request(
        f"{sandbox.base_url}/{'chat/completions' if posts else 'models'}",
        json.dumps(body).encode() if posts else None,
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_key_is_refused_after_as_many_requests_as_it_says(sandbox: SandboxProcess) -> None:
    assert status(sandbox, "sk-soon~2", posts=False) == 200
    assert [status(sandbox, "sk-soon~2") for _ in range(4)] == [200, 200, 401, 401]
    assert status(sandbox, "sk-soon~2", posts=False) == 401


def test_other_keys_are_not_concerned(sandbox: SandboxProcess) -> None:
    assert status(sandbox, "sk-gone~0") == 401
    assert [status(sandbox, "sk-later~3") for _ in range(2)] == [200, 200]
    assert status(sandbox, "sk-plain") == 200
