import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.json_progress import JsonProgress

texts = st.text(st.sampled_from('a"\\{}[]\n é'), max_size=8)
objects = st.dictionaries(texts, st.recursive(texts, lambda inner: st.lists(inner, max_size=3)), max_size=3).map(
    json.dumps
)


@given(objects, st.data())
def test_a_text_is_whole_exactly_when_its_last_bracket_came(text: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6))
    progress = JsonProgress()
    edges = [0, *sorted(cuts), len(text)]

    for a, b in pairwise(edges):
        progress.feed(text[a:b])
        assert progress.is_whole == (b == len(text))
