"""Having the program that orders certificates do so (`jobs/acme_order.py`), and showing what it wants to be shown.

A certificate authority answers slowly, or never: the program is given its time, and ended after it.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from tokenrouter.jobs.acme_question import (
    Answer,
    Issued,
    Order,
    Proof,
    Proofs,
    Question,
    Refusal,
    Renewal,
    RenewalWanted,
)

RENEWAL_S: Final = 60.0
MORE_S: Final = 15.0
"""What an order may take beyond its own time: its program has to start, and to be told what was decided."""
MAX_LINE_BYTES: Final = 2**20

Show = Callable[[Sequence[Proof]], Awaitable[None]]

_encode: Final = msgspec.json.Encoder().encode
_decoder: Final = msgspec.json.Decoder[Answer](Answer)


class CertificateRefused(Exception):
    """There is no certificate. The message says why in the authority's words; the rest is that of `Refusal`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.code = refusal.code
        self.is_validation = refusal.is_validation


class AcmeProgram:
    """Asks certificate authorities."""

    def __init__(self, ca_file: str = "", proxies: Mapping[str, str] | None = None) -> None:
        """`ca_file`: what to trust in place of the system's, or ""; `proxies`: variables like `https_proxy`."""
        self._env = {**os.environ, **(proxies or {})}
        if ca_file:
            self._env["REQUESTS_CA_BUNDLE"] = ca_file

    async def order(self, order: Order, show: Show) -> str:
        """Return a certificate with its chain, as PEM.

        `show` has to return when the authority may look, and is called with nothing at the end.

        Raises:
            CertificateRefused: there is none.
        """
        try:
            async with asyncio.timeout(order.timeout_s + MORE_S):
                answer = await self._ask(order, show)
        except TimeoutError:
            answer = Refusal("timeout", f"the certificate authority has not decided within {order.timeout_s:.0f} s")
        finally:
            await show(())
        if isinstance(answer, Issued):
            return answer.chain
        raise _refused(answer)

    async def renewal(self, wanted: RenewalWanted) -> Renewal:
        """Return when the authority wants a certificate to be renewed.

        Raises:
            CertificateRefused: it does not answer.
        """
        try:
            async with asyncio.timeout(RENEWAL_S):
                answer = await self._ask(wanted, _nothing_to_show)
        except TimeoutError:
            answer = Refusal("timeout", f"the certificate authority has not answered within {RENEWAL_S:.0f} s")
        if isinstance(answer, Renewal):
            return answer
        raise _refused(answer)

    async def _ask(self, question: Question, show: Show) -> Answer:
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tokenrouter.jobs.acme_order",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._env,
            limit=MAX_LINE_BYTES,
        )
        try:
            return await _talk(program, question, show)
        finally:
            with suppress(ProcessLookupError):
                program.kill()
            await program.communicate()


async def _talk(program: asyncio.subprocess.Process, question: Question, show: Show) -> Answer:
    told, said = program.stdin, program.stdout
    if told is None or said is None:  # never: both are pipes
        raise RuntimeError("the ordering program cannot be talked with")
    told.write(_encode(question) + b"\n")
    while True:
        try:
            line = await said.readline()
            answer: Answer | None = _decoder.decode(line) if line else None
        except (ValueError, msgspec.DecodeError) as error:
            return Refusal("invalid", f"what the ordering program said cannot be read: {error}")
        if answer is None:
            return await _died(program)
        if not isinstance(answer, Proofs):
            return answer
        await show(answer.proofs)
        told.write(b"\n")


async def _died(program: asyncio.subprocess.Process) -> Refusal:
    """Return what the program said last; it is written for us, and holds no key."""
    _, said = await program.communicate()
    last = said.decode(errors="replace").strip().rpartition("\n")[2]
    return Refusal("invalid", f"the ordering program ended: {last or 'it said nothing'}")


async def _nothing_to_show(_proofs: Sequence[Proof]) -> None:
    """Where nothing has to be proven."""


def _refused(answer: Answer) -> CertificateRefused:
    if isinstance(answer, Refusal):
        return CertificateRefused(answer)
    return CertificateRefused(Refusal("invalid", f"the ordering program answered with {type(answer).__name__}"))
