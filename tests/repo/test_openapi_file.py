from tests.repo.openapi_file import FILE, written


def test_the_openapi_file_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == written(), "`make openapi` writes it anew"
