import pytest

from tokenrouter.dialects.losses import SETTINGS, Losses, loss_table
from tokenrouter.dialects.openai_chat.losses import CARRIED_BY_OPENAI, REQUEST_LOSSES
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.requests import Request, Service

TABLE = loss_table(("service.user", "dropped", "Gone."), ("part.video", "refused", "send pictures."))


def test_every_setting_that_chat_may_lack_has_a_row() -> None:
    assert not SETTINGS.keys() - REQUEST_LOSSES.keys()
    assert not CARRIED_BY_OPENAI - SETTINGS.keys()


def test_what_is_refused_is_the_clients_error_and_names_the_thing() -> None:
    with pytest.raises(InvalidRequest, match=r"part\.video.*send pictures"):
        Losses(TABLE).note("part.video")


def test_each_loss_is_told_once_in_the_order_it_was_met() -> None:
    losses = Losses(TABLE)
    losses.note_unknown("x")
    losses.note("service.user")
    losses.note("service.user")

    assert [loss.feature for loss in losses.noted()] == ["x", "service.user"]


def test_what_vendors_do_unasked_is_no_loss() -> None:
    losses = Losses(TABLE)
    losses.note_settings(Request("m", (), parallel_calls=True, service=Service(stored=False)), frozenset())

    assert losses.noted() == ()


def test_a_thing_without_a_row_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Losses(TABLE).note("part.smell")
