from typing import get_args

from tokenrouter.admin.explain_bodies import Askable
from tokenrouter.gateway.question import CONTENT


def test_every_operation_that_can_be_explained_can_be_asked_about() -> None:
    assert set(get_args(Askable)) == set(CONTENT)
