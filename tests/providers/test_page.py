from tests.providers import page


def test_the_table_in_the_documents_is_the_one_the_rows_make() -> None:
    assert page.PAGE.read_text("utf-8") == page.current_page(), "run: python -m tests.providers.page"
