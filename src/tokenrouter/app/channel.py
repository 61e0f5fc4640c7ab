"""What the data processes and the control process say to each other, over a private Unix socket.

A message is four bytes of length (big-endian) and a msgpack value tagged with its kind. The control
process listens; a data process connects, and goes on serving with what it knows while nobody answers.
Nothing here waits for a slow peer: what it cannot take is cut off, and it comes back for the whole state.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.limits import CounterPast
from tokenrouter.domain.quotas import QuotaMetric
from tokenrouter.gateway.key_ring import PackedKey
from tokenrouter.limits.adjusting import Adjusted

MAX_FRAME_BYTES: Final = 64 * 2**20
"""More than any state has; keys are sent in parts, 100,000 of them are some 20 MiB."""
MAX_UNSENT_BYTES: Final = 2 * MAX_FRAME_BYTES
RECONNECT_S: Final = (0.05, 0.25)
"""First and longest pause between attempts to connect."""
_LENGTH: Final = struct.Struct(">I")

log = structlog.get_logger(__name__)


class CatalogMessage(msgspec.Struct, tag="catalog"):
    """Control to data: the state that counts from now on, and what was lately adjusted (each may come again).

    The keys in it are those that the file or the environment owns; the others are told by `KeysMessage`.
    """

    catalog: Catalog
    adjusted: list[Adjusted] = []


class KeysMessage(msgspec.Struct, tag="keys"):
    """Control to data: keys of the database, all of them in parts or what has changed (`app/key_feed.py`).

    Attributes:
        version: that they are of.
        base: the version that this changes; None: it is a part of all keys.
        part: which one, counted from 0.
        is_last: nothing of this version follows.
        put: keys that are new or have changed.
        gone: ids of keys that are no more.
    """

    version: int
    base: int | None = None
    part: int = 0
    is_last: bool = True
    put: list[PackedKey] = []
    gone: list[str] = []


class ConditionsMessage(msgspec.Struct, tag="conditions"):
    """Control to data: how providers are, by name, in place of all that was told before."""

    conditions: dict[str, Condition]


class TlsMessage(msgspec.Struct, tag="tls"):
    """Control to data: the certificate to serve from now on, and the challenges of an authority to answer.

    It stands in place of all that was told before. Certificates lie in files with their keys, readable by their owner
    alone; a message that names the file of before tells that there is something else in it.

    Attributes:
        path: of the certificate that counts; "" leaves the one that is served.
        answers: for http-01, what is answered below `/.well-known/acme-challenge/`, by token.
        challenges: for tls-alpn-01, by name, where the certificate lies that only the authority sees.
    """

    path: str = ""
    answers: dict[str, str] = {}
    challenges: dict[str, str] = {}


class EchoWanted(msgspec.Struct, tag="echo_wanted"):
    """Control to data: say `number` back, when all that was told before it counts."""

    number: int


class CountersMessage(msgspec.Struct, tag="counters"):
    """Control to data: what has been used of the limits `limit_ids`, as (limit id, scope, used); answers `asked`.

    `past` is (limit id, scope, past); all of it contains the adjustments up to the number `adjusted`.
    """

    asked: int
    limit_ids: list[str]
    used: list[tuple[str, str, int]]
    past: list[tuple[str, str, CounterPast]] = []
    adjusted: int = 0


class SumsMessage(msgspec.Struct, tag="sums"):
    """Control to data: what the ledger says was used, as (limit id, scope, used), and the past; or why nobody knows.

    All of it contains the adjustments up to the number `adjusted`.
    """

    asked: int
    used: list[tuple[str, str, int]] = []
    past: list[tuple[str, str, CounterPast]] = []
    problem: str = ""
    adjusted: int = 0


class ExplainWanted(msgspec.Struct, tag="explain"):
    """Control to data: tell what would become of the request `body`, sent from `client_ip` with the key of `digest`.

    Whoever asks may know. One data process is asked, and answers `asked`.
    """

    asked: int
    digest: bytes
    client_ip: str
    body: bytes


class Hello(msgspec.Struct, tag="hello"):
    """Data to control: who has connected."""

    worker: str
    pid: int
    version: str


class CountersWanted(msgspec.Struct, tag="wanted"):
    """Data to control: what has been used of `limit_ids`? They apply here by now, so nobody uses them uncounted.

    `asked` rises whenever the answer to what was asked before is of no use any more.
    """

    asked: int
    limit_ids: list[str]


class KeysWanted(msgspec.Struct, tag="keys_wanted"):
    """Data to control: tell me all keys; some news of them was lost."""


class SumsWanted(msgspec.Struct, tag="sums_wanted"):
    """Data to control: tell what rows have used of `limit_ids`, but for the requests that each has `counted` already.

    Everything that ended here before is to be in the ledger first; without `limit_ids` that is all.
    """

    asked: int
    limit_ids: list[str]
    counted: dict[str, list[str]]


class Applied(msgspec.Struct, tag="applied"):
    """Data to control: the Catalog of this version counts here, with all its limits as far as they can be counted."""

    version: int


class Echo(msgspec.Struct, tag="echo"):
    """Data to control: answers `EchoWanted`."""

    number: int


class FiguresMessage(msgspec.Struct, tag="figures"):
    """Data to control: counters since that process began."""

    figures: dict[str, Any]


class QuotasMessage(msgspec.Struct, tag="quotas"):
    """Data to control: what the answers of the last second have said of their providers' limits, by provider."""

    quotas: dict[str, tuple[QuotaMetric, ...]]


class Explained(msgspec.Struct, tag="explained"):
    """Data to control: the explanation that was `asked` for, as JSON, or the error that the request would get."""

    asked: int
    told: bytes = b""
    status: int = 200
    code: str = ""
    message: str = ""


ToData = (
    CatalogMessage
    | KeysMessage
    | ConditionsMessage
    | TlsMessage
    | CountersMessage
    | SumsMessage
    | EchoWanted
    | ExplainWanted
)
ToControl = (
    Hello | CountersWanted | KeysWanted | SumsWanted | Applied | Echo | FiguresMessage | QuotasMessage | Explained
)

_to_data: Final = msgspec.msgpack.Decoder(ToData)
_to_control: Final = msgspec.msgpack.Decoder(ToControl)
_encode: Final = msgspec.msgpack.Encoder().encode


def frame(message: ToData | ToControl) -> bytes:
    """Return `message` with its length."""
    payload = _encode(message)
    return _LENGTH.pack(len(payload)) + payload


async def read_payload(reader: asyncio.StreamReader) -> bytes:
    """Return the next message's bytes.

    Raises:
        asyncio.IncompleteReadError: the peer is gone.
        ValueError: the length is beyond all measure.
    """
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"a message of {length} bytes is not one of ours")
    return await reader.readexactly(length)


def send_or_cut(writer: asyncio.StreamWriter, data: bytes) -> bool:
    """Send `data`, or cut a peer that does not read; False when it was cut."""
    if writer.is_closing():
        return False
    if writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
        writer.transport.abort()
        return False
    writer.write(data)
    return True


class ChannelServer:
    """The control process's end.

    Attributes:
        workers: the data processes that are connected, with the figures each sent last.
    """

    def __init__(
        self,
        path: Path,
        welcome: Callable[[], Iterable[ToData]],
        answer: Callable[[CountersWanted], Awaitable[CountersMessage]],
        sums: Callable[[SumsWanted], Awaitable[SumsMessage]],
        quotas: Callable[[QuotasMessage], None] = lambda _: None,
        all_keys: Callable[[], Iterable[ToData]] = tuple,
        explained: Callable[[Explained], None] = lambda _: None,
    ) -> None:
        """`welcome` gives what a process that connects is told first, `answer` and `sums` what it asks for later.

        `quotas` takes what it tells unasked; `all_keys` is what a process is told that has lost some; `explained` takes
        what it answers to `ask_one`.
        """
        self._explained = explained
        self._all_keys = all_keys
        self._quotas = quotas
        self._sums = sums
        self._sending: set[asyncio.Task[None]] = set()
        self._path = path
        self._welcome = welcome
        self._answer = answer
        self._writers: dict[asyncio.StreamWriter, str] = {}
        self._server: asyncio.Server | None = None
        self._answers: dict[asyncio.StreamWriter, tuple[CountersWanted, asyncio.Task[None]]] = {}
        self._applied: dict[asyncio.StreamWriter, int] = {}
        self._echoes: dict[asyncio.StreamWriter, int] = {}
        self._echo = 0
        self._news = asyncio.Event()
        self.workers: dict[str, dict[str, Any]] = {}

    async def start(self) -> None:
        """Listen; a socket that a dead predecessor left is replaced."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._talk, str(self._path))

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    def broadcast(self, message: ToData) -> None:
        """Tell every data process."""
        data = frame(message)
        for writer in list(self._writers):
            send_or_cut(writer, data)

    def ask_one(self, message: ExplainWanted) -> bool:
        """Ask the data process that has been connected longest; False when there is none."""
        data = frame(message)
        return any(send_or_cut(writer, data) for writer, worker in list(self._writers.items()) if worker)

    async def wait_applied(self, version: int) -> None:
        """Return when the Catalog of `version`, or a later one, counts in every data process that is connected.

        Where none is yet, the first one is waited for: whoever asked for a change came through one.
        """
        while not self._applied or any(applied < version for applied in self._applied.values()):
            self._news.clear()
            await self._news.wait()

    async def wait_heard(self) -> None:
        """Return when every data process that is connected has taken in what it was told before.

        Where none is yet, the first one is waited for; it is told everything when it connects.
        """
        self._echo = number = self._echo + 1
        self.broadcast(EchoWanted(number))
        while not self._echoes or any(echo < number for echo in self._echoes.values()):
            self._news.clear()
            await self._news.wait()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers[writer] = ""
        self._applied[writer] = -1
        self._echoes[writer] = -1
        try:
            for message in self._welcome():
                send_or_cut(writer, frame(message))
            if self._echo:
                send_or_cut(writer, frame(EchoWanted(self._echo)))
            while True:
                self._take(_to_control.decode(await read_payload(reader)), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (ValueError, msgspec.DecodeError) as error:
            log.warning("a data process sent what cannot be read", error=str(error))
        finally:
            self.workers.pop(self._writers.pop(writer, ""), None)
            self._forget_question(writer)
            self._echoes.pop(writer, None)
            self._note_applied(writer, None)
            writer.close()

    def _note_applied(self, writer: asyncio.StreamWriter, version: int | None) -> None:
        """Note how far a data process is; None: it is gone."""
        if version is None:
            self._applied.pop(writer, None)
        else:
            self._applied[writer] = version
        self._news.set()

    def _take(self, message: ToControl, writer: asyncio.StreamWriter) -> None:
        if isinstance(message, Hello):
            self._writers[writer] = message.worker
            self.workers[message.worker] = {}
        elif isinstance(message, CountersWanted):
            self._take_question(message, writer)
        elif isinstance(message, KeysWanted):
            for part in self._all_keys():
                send_or_cut(writer, frame(part))
        elif isinstance(message, Applied):
            self._note_applied(writer, message.version)
        elif isinstance(message, Echo):
            self._echoes[writer] = message.number
            self._news.set()
        elif isinstance(message, SumsWanted):
            task = asyncio.get_running_loop().create_task(self._send_sums(message, writer))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        elif isinstance(message, QuotasMessage):
            self._quotas(message)
        elif isinstance(message, Explained):
            self._explained(message)
        elif self._writers[writer]:
            self.workers[self._writers[writer]] = message.figures

    def _take_question(self, wanted: CountersWanted, writer: asyncio.StreamWriter) -> None:
        """Answer beside everything else; the question before is forgotten, unless it is asked again."""
        known = self._answers.get(writer)
        if known is not None and known[0] == wanted and not known[1].done():
            return
        self._forget_question(writer)
        task = asyncio.get_running_loop().create_task(self._send_answer(wanted, writer))
        task.add_done_callback(lambda done: _cut_unanswered(done, writer))
        self._answers[writer] = wanted, task

    def _forget_question(self, writer: asyncio.StreamWriter) -> None:
        if (known := self._answers.pop(writer, None)) is not None:
            known[1].cancel()

    async def _send_sums(self, wanted: SumsWanted, writer: asyncio.StreamWriter) -> None:
        send_or_cut(writer, frame(await self._sums(wanted)))

    async def _send_answer(self, wanted: CountersWanted, writer: asyncio.StreamWriter) -> None:
        send_or_cut(writer, frame(await self._answer(wanted)))


def _cut_unanswered(task: asyncio.Task[None], writer: asyncio.StreamWriter) -> None:
    """Let go of a process that could not be answered: it comes back and asks again."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a data process could not be answered", exc_info=error)
        writer.transport.abort()


class ChannelClient:
    """The data process's end: stays connected for ever."""

    def __init__(self, path: Path, hello: Hello, on_message: Callable[[ToData], None]) -> None:
        self._path = path
        self._hello = hello
        self._on_message = on_message
        self._writer: asyncio.StreamWriter | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the control process is listening."""
        return self._writer is not None

    def send(self, message: ToControl) -> bool:
        """Send `message` if anybody listens; False when nobody does."""
        return self._writer is not None and send_or_cut(self._writer, frame(message))

    async def run(self) -> None:
        """Connect, listen, and connect again; runs until cancelled."""
        pause_s = RECONNECT_S[0]
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(self._path))
            except OSError:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, RECONNECT_S[1])
                continue
            pause_s = RECONNECT_S[0]
            await self._listen(reader, writer)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        try:
            self.send(self._hello)
            while True:
                self._on_message(_to_data.decode(await read_payload(reader)))
                await asyncio.sleep(0)  # parts of all keys arrive at once: requests go on between them
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (ValueError, msgspec.DecodeError) as error:
            log.warning("the control process sent what cannot be read", error=str(error))
            await asyncio.sleep(RECONNECT_S[1])
        finally:
            self._writer = None
            writer.close()
