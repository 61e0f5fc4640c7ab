"""Who owns what lies in a provider's account.

Tenants share the account, not its contents: every id that a provider gives out through us belongs to the team (else the
user, else the key) that asked for it. These values are what the register of owners keeps and writes down.
"""

from typing import Literal, NamedTuple

from tokenrouter.domain.ledger import Subject
from tokenrouter.domain.limits import Amounts

IdKind = Literal["file", "batch", "other"]
"""`other`: what came of a request that was passed through raw."""


class BatchInput(NamedTuple):
    """What a batch's input file asks for.

    Attributes:
        requested: the model as its author named it; `model` is the provider's name for it.
        requests: how many lines there are.
        body_bytes: of all requests together.
        output_tokens: the sum of the output limits that lines have; `unlimited` lines have none.
    """

    requested: str
    model: str
    requests: int
    body_bytes: int
    output_tokens: int
    unlimited: int


class Debt(NamedTuple):
    """What a running batch holds until its results tell what it used.

    Attributes:
        entry_id: the id of its ledger row, chosen before the batch began, so that it is written once.
        started_us: microseconds since the epoch.
        scopes: whom it is charged to.
        held: what it may consume.
    """

    entry_id: str
    started_us: int
    subject: Subject
    scopes: tuple[str, ...]
    held: Amounts


class OwnedId(NamedTuple):
    """One id and its owner.

    Attributes:
        owner: `team:NAME`, `user:NAME` or `key:ID`.
        created_s: seconds since the epoch at which we learned of it.
        debt: what is still to be paid for it.
        is_gone: whether it was deleted.
    """

    provider: str
    kind: IdKind
    id: str
    owner: str
    created_s: int
    batch_input: BatchInput | None = None
    debt: Debt | None = None
    is_gone: bool = False
