from tokenrouter.admin import html


def test_titles_words_and_values_are_escaped() -> None:
    hostile = '"><b>'

    made = [
        html.card(hostile, ""),
        html.wrong(hostile),
        html.form(hostile, hostile, hidden={hostile: hostile}, kind=hostile),
        bytes(html.page(hostile, "").body).decode(),
    ]

    assert not [text for text in made if hostile in text]


def test_nothing_is_told_where_nothing_is_wrong() -> None:
    assert html.wrong("") == ""
    assert ">It is wrong</p>" in html.wrong("it is wrong")


def test_the_style_sheet_loads_nothing_and_knows_dark() -> None:
    sheet = html.style_sheet()

    assert "url(" not in sheet
    assert "@import" not in sheet
    assert "prefers-color-scheme: dark" in sheet
