import asyncio
import ssl
import sys
from pathlib import Path

import trustme

from tests.upstream.serving import serving

BODY_BYTES = 200_000
# In a process of its own, whose memory is the client's alone.
_ASKING = f"""
import asyncio, ssl, sys
import uvloop
from tests.upstream.serving import request
from tokenrouter.observe.process_figures import ProcessFigures
from tokenrouter.upstream.client import UpstreamClient

async def main():
    figures, asked = ProcessFigures(), request(int(sys.argv[1]), whole=0, host="localhost", tls=True)
    asked.data = [b"POST /x HTTP/1.1\\r\\nhost: h\\r\\ncontent-length: {BODY_BYTES}\\r\\n\\r\\n", bytes({BODY_BYTES})]
    async with UpstreamClient(tls=ssl.create_default_context(cafile=sys.argv[2])) as client:
        answers = [await client.send(asked) for _ in range(10)]
        before = figures.snapshot()["memory_bytes"]
        answers += [await client.send(asked) for _ in range(50)]
        print((figures.snapshot()["memory_bytes"] - before) / 50)

uvloop.run(main())
"""


async def test_a_connection_over_tls_keeps_little_of_what_was_sent(tmp_path: Path) -> None:
    async def begin_to_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(BODY_BYTES)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh")
        await reader.read()

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    async with serving(begin_to_answer, server) as port:
        command = [sys.executable, "-c", _ASKING, str(port), str(tmp_path / "authority.pem")]
        asking = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        told, _ = await asking.communicate()

    assert float(told) < 160 * 1024
