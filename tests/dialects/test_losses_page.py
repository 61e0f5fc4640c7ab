from tests.dialects import losses_page
from tokenrouter.dialects.client_codecs import CLIENT_CODECS


def test_the_tables_in_the_documents_are_those_of_the_code() -> None:
    page = losses_page.PAGE.read_text("utf-8")

    assert page == losses_page.current_page(), "run: python -m tests.dialects.losses_page"


def test_every_client_dialect_has_a_table() -> None:
    shown = [id(table) for table in losses_page.ANSWERS.values()]

    assert sorted(shown) == sorted(id(codec.answer_losses) for codec in CLIENT_CODECS.values())
