"""The Redis or Valkey server: whether it answers, and keeps what it is given."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

from tokenrouter.cli.doctor.clock import drift
from tokenrouter.cli.doctor.finding import Finding, Patient
from tokenrouter.redis.address import RedisAddress, parse_redis_url
from tokenrouter.redis.connection import RedisAway, RedisConnection, RedisError

OPEN_S: Final = 4.0
KEEPS_ALL: Final = "noeviction"


def check_redis(patient: Patient) -> Iterator[Finding]:
    """Ask the server that `redis_url` names, if it names one."""
    if patient.settings is None or not patient.settings.redis_url:
        return
    address = parse_redis_url(patient.settings.redis_url)
    try:
        yield from asyncio.run(_ask(address))
    except (OSError, RedisError) as error:
        says = str(error) if isinstance(error, RedisAway) else f"{address} cannot be used: {error}"
        yield Finding(
            "problem", "redis", says, "start it, or mend redis_url; see redis_loss for what happens meanwhile"
        )


async def _ask(address: RedisAddress) -> list[Finding]:
    opened = asyncio.Event()

    async def welcome() -> None:
        opened.set()

    connection = RedisConnection(address, on_open=welcome)
    running = asyncio.get_running_loop().create_task(connection.run())
    try:
        try:
            async with asyncio.timeout(OPEN_S):
                await opened.wait()
        except TimeoutError:
            await connection.ask("PING")  # says why it is not there
        return await _look(connection, address)
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _look(connection: RedisConnection, address: RedisAddress) -> list[Finding]:
    began_s = time.monotonic()
    info = _fields(await connection.ask("INFO"))
    took_ms = (time.monotonic() - began_s) * 1000
    seconds, micros = await connection.ask("TIME")
    offset_s = int(seconds) + int(micros) / 1e6 - time.time()
    kind, version = ("Valkey", info["valkey_version"]) if "valkey_version" in info else ("Redis", info["redis_version"])
    found = [Finding("ok", "redis", f"{kind} {version} at {address} answers in {took_ms:.1f} ms")]
    policy = info.get("maxmemory_policy", "")
    if policy and policy != KEEPS_ALL:
        says = f"it may throw counters away when its memory is full (maxmemory-policy {policy})"
        found.append(Finding("problem", "redis", says, f"CONFIG SET maxmemory-policy {KEEPS_ALL}, and in its own file"))
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if most and used > most * 0.9:
        found.append(Finding("warning", "redis", f"{used * 100 // most} % of its memory is in use", "raise maxmemory"))
    if info.get("role") == "slave":
        found.append(
            Finding("problem", "redis", f"{address} is a replica, which takes no counters", "name the primary")
        )
    return [*found, drift("the clock of the Redis server", offset_s)]


def _fields(info: Any) -> dict[str, str]:
    lines = info.decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
