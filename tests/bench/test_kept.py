import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from bench import kept, procfs
from bench.figures import Kept
from bench.processes import RunFailed
from bench.targets import Target

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _measure(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Let this process be the target: it has the server."""
    monkeypatch.setattr(kept, "SETTLE_S", 0.0)
    monkeypatch.setattr(kept, "wait_until_quiet", lambda root: None)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=256)
    port = server.sockets[0].getsockname()[1]
    try:
        return await asyncio.to_thread(kept.measure, Target("it", port, port, os.getpid(), (os.getpid(),)), 0.3)
    finally:
        server.close()


async def test_every_connection_is_open_when_memory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    come, open_then = set(), []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        come.add(writer)
        await reader.read(4096)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await reader.read(4096)
        come.discard(writer)
        writer.close()

    def look(pid: int) -> int:
        open_then.append(len(come))
        return 1000 * len(open_then)

    monkeypatch.setattr(procfs, "rss_bytes", look)
    found = await _measure(answer, monkeypatch)

    assert open_then[1] >= kept.CONNECTIONS
    assert found == Kept("it", 0.3, kept.CONNECTIONS, 1000, 2000)


async def test_a_question_that_is_not_answered_leaves_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")

    with pytest.raises(RunFailed, match="got 503"):
        await _measure(refuse, monkeypatch)
