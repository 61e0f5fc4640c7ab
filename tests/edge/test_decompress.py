import gzip
import zlib
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.errors import BodyTooLarge, ClientError, UnsupportedEncoding
from tokenrouter.edge.decompress import decompress

PLAIN = b'{"model":"m","messages":[]}' * 50
LIMIT = 10_000


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", gzip.compress(PLAIN, mtime=0)),
        (b"x-gzip", gzip.compress(PLAIN, mtime=0)),
        (b"deflate", zlib.compress(PLAIN)),
        (b"deflate", raw_deflate(PLAIN)),
        (b"zstd", zstandard.compress(PLAIN)),
        (b"gzip, zstd", zstandard.compress(gzip.compress(PLAIN, mtime=0))),
        (b"identity", PLAIN),
        (b"", gzip.compress(PLAIN, mtime=0)),
        (b"", zstandard.compress(PLAIN)),
        (b"gzip", PLAIN),
    ],
    ids=range(10),
)
def test_every_coding_is_read_and_a_wrong_header_over_plain_json_is_tolerated(encoding: bytes, body: bytes) -> None:
    assert decompress(body, encoding, LIMIT) == PLAIN


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, zstandard.compress], ids=["gzip", "deflate", "zstd"])
def test_a_bomb_is_refused(pack: object, request: pytest.FixtureRequest) -> None:
    bomb = pack(b"\0" * 50_000_000)  # type: ignore[operator]

    with pytest.raises(BodyTooLarge):
        decompress(bomb, request.node.callspec.id.encode(), LIMIT)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"br", b"x"),
        (b"gzip", b"\x1f\x8bgarbage"),
        (b"gzip", gzip.compress(PLAIN, mtime=0)[:-9]),
        (b"zstd", b"\x28\xb5\x2f\xfdx"),
    ],
    ids=range(4),
)
def test_what_cannot_be_read_is_told(encoding: bytes, body: bytes) -> None:
    with pytest.raises(UnsupportedEncoding):
        decompress(body, encoding, LIMIT)


@given(st.binary(max_size=300), st.sampled_from([b"", b"gzip", b"deflate", b"zstd", b"gzip,gzip,gzip,gzip,gzip"]))
def test_garbage_is_either_read_or_refused(body: bytes, encoding: bytes) -> None:
    with suppress(ClientError):
        assert len(decompress(body, encoding, LIMIT)) <= LIMIT
