"""Amounts and names for people."""

import pytest

from tokenrouter.cli.terminal.texts import count, dollars, milliseconds, moment, plain, size


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (plain("a\ud800b\udcff"), "ab"),
        (plain("a\x1b]0;b\x07\r\n\tc\x9bü"), "a]0;b\n\tcü"),
        (dollars("0"), "$0.00"),
        (dollars("12.500000000"), "$12.50"),
        (dollars("0.000048"), "$0.000048"),
        (count(1234567), "1,234,567"),
        (count(None), ""),
        (size(128_000), "128k"),
        (size(1_048_576), "1.05M"),
        (size(512), "512"),
        (size(None), ""),
        (milliseconds(2.4), "2 ms"),
        (milliseconds(12_345), "12.3 s"),
        (milliseconds(None), ""),
        (moment("2026-11-23T00:00:00Z"), "2026-11-23 00:00"),
        (moment(None), ""),
    ],
)
def test_it_reads_well(found: str, text: str) -> None:
    assert found == text
