"""What stands in which lines of a TOML file."""

from tokenrouter.cli.wizard.statements import lines_of, statements

TEXT = """\
# about the file
a = 1 # one
b = [
  1, # two
]
c.d = '''
[no.header]
'''
[[p]]
n = 1
[p.inner]
x = 1
[[p]]
[q.r]
"""


def test_every_statement_has_its_table_and_its_lines() -> None:
    found = [(one.table, one.begin, one.end, one.values) for one in statements(lines_of(TEXT))]

    assert found == [
        ((), 1, 2, {"a": 1}),
        ((), 2, 5, {"b": [1]}),
        ((), 5, 8, {"c": {"d": "[no.header]\n"}}),
        (("p", 0), 8, 9, None),
        (("p", 0), 9, 10, {"n": 1}),
        (("p", 0, "inner"), 10, 11, None),
        (("p", 0, "inner"), 11, 12, {"x": 1}),
        (("p", 1), 12, 13, None),
        (("q", "r"), 13, 14, None),
    ]


def test_only_a_line_feed_ends_a_line() -> None:
    assert lines_of("a = 'x\u2028y'\r\nb = 1") == ["a = 'x\u2028y'\r\n", "b = 1"]
