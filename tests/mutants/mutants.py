"""The list of all faults."""

from typing import Final

from tests.mutants.of_money import OF_MONEY, OF_TENANCY
from tests.mutants.of_requests import OF_REQUESTS
from tests.mutants.of_streams import OF_STREAMS
from tests.mutants.of_tools import OF_REASONING, OF_TOOLS

MUTANTS: Final = (*OF_STREAMS, *OF_TOOLS, *OF_REASONING, *OF_REQUESTS, *OF_MONEY, *OF_TENANCY)
