import tomllib

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.config.positions import line_numbers

TEXT = '''\
a = 1
"quoted key" = 2
text = """
not = a key
[nor a table]
"""

[[many]]
x = 1
[many.sub]
y = 2
[[many]]
x = 3
z.deep = 4
'''


def test_every_key_is_found_in_its_line() -> None:
    lines = line_numbers(TEXT)

    assert tomllib.loads(TEXT)
    assert lines == {
        "a": 1,
        "quoted key": 2,
        "text": 3,
        "many[0]": 8,
        "many[0].x": 9,
        "many[0].sub": 10,
        "many[0].sub.y": 11,
        "many[1]": 12,
        "many[1].x": 13,
        "many[1].z.deep": 14,
    }


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    line_numbers(text)
