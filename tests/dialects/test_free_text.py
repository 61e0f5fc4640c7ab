import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.free_text import FreeText, free_text_of

texts = st.text(
    st.one_of(st.sampled_from('"\\\n\U0001f600\x00'), st.characters(exclude_categories=["Cs"])), max_size=20
)


@given(texts, st.booleans(), st.data())
def test_the_text_comes_out_wherever_its_arguments_are_cut(text: str, is_ascii: bool, data: st.DataObject) -> None:
    arguments = json.dumps({"input": text}, ensure_ascii=is_ascii)
    cuts = data.draw(st.lists(st.integers(0, len(arguments)), max_size=8))
    free = FreeText()

    told = "".join(free.feed(arguments[a:b]) for a, b in pairwise([0, *sorted(cuts), len(arguments)]))

    assert told + free.close() == text
    assert free_text_of(arguments) == text


def test_arguments_in_another_shape_are_read_at_their_end() -> None:
    free = FreeText()

    assert free.feed('{"why": 1, "input": "x"}') == ""
    assert free.close() == "x"
    assert free_text_of("plain") == "plain"
