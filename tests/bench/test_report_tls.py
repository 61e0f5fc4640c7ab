from dataclasses import replace

from bench import report_tls
from bench.figures import Handshakes, Kept, Latency, Streams, Whole
from bench.tls import Found

NGINX, GATEWAY = Whole("nginx", 20.0, 20_000, 30.0, 1.0), Whole("gateway", 20.0, 4_000, 200.0, 1.0)
WHOLE = [
    NGINX,
    replace(NGINX, target="nginx, TLS", cpu_us=40.0),
    GATEWAY,
    replace(GATEWAY, target="gateway, TLS", cpu_us=500.0),
    replace(GATEWAY, target="gateway, TLS", cpu_us=250.0),
]
LATENCY = [
    Latency(target, 0.3, 1000, p50_us, 0, 900, 0) for target, p50_us in (("gateway", 400), ("gateway, TLS", 470))
]
STREAMS = [
    Streams(target, 200, 10_000, cpu_us, 0.5)
    for target, cpu_us in (("nginx", 10.0), ("nginx, TLS", 20.0), ("gateway", 30.0), ("gateway, TLS", 35.0))
]
HANDSHAKES = [
    Handshakes(target, is_resumed, 1000, cpu_us, 0.9)
    for is_resumed in (False, True)
    for target, cpu_us in (("nginx, TLS", 200.0), ("gateway, TLS", 500.0 if is_resumed else 300.0))
]
KEPT = [Kept("gateway", 200.0, 200, 60_000_000, 61_000_000), Kept("gateway, TLS", 200.0, 200, 60_000_000, 80_000_000)]


def row(text: str, name: str) -> list[str]:
    """Return the cells of the first row of that name."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def section() -> str:
    return report_tls.tls_section(Found(WHOLE, LATENCY, STREAMS, HANDSHAKES, KEPT))


def test_what_tls_adds_is_judged_by_an_nginx_in_front_that_would_speak_it() -> None:
    assert row(section(), "nginx, TLS, 20 KB")[4:] == ["10.0", "", ""]
    assert row(section(), "gateway, TLS, 20 KB")[4:] == ["50.0", "1.25", "MISSED (≤ 1×) by 25%"]
    assert row(section(), "gateway, 20 KB")[4:] == ["", "", ""]


def test_chunks_are_judged_as_requests_are() -> None:
    streams = section()[section().index("Streams (") :]

    assert row(streams, "gateway, TLS")[4:] == ["5.0", "0.25", "met (≤ 1×)"]


def test_answer_times_are_told() -> None:
    assert row(section(), "gateway, TLS") == ["gateway, TLS", "1,000", "470", "900", "70"]


def test_handshakes_stand_beside_those_of_the_same_kind() -> None:
    assert row(section(), "gateway, full")[4:] == ["1.50", "met (≤ 2×)"]
    assert row(section(), "gateway, resumed")[4:] == ["2.50", "MISSED (≤ 2×) by 25%"]


def test_a_kept_connection_over_tls_is_judged() -> None:
    memory = section()[section().index("Memory of the gateway") :]

    assert row(memory, "gateway, 200 KB")[3:] == ["5.0", ""]
    assert row(memory, "gateway, TLS, 200 KB")[3:] == ["100.0", "MISSED (≤ 64 KB) by 56%"]
