import asyncio
import struct
from pathlib import Path
from tempfile import mkdtemp

from tokenrouter.app.channel import (
    MAX_FRAME_BYTES,
    Applied,
    CatalogMessage,
    ChannelClient,
    ChannelServer,
    ConditionsMessage,
    CountersMessage,
    CountersWanted,
    Echo,
    EchoWanted,
    Explained,
    ExplainWanted,
    FiguresMessage,
    Hello,
    QuotasMessage,
    SumsMessage,
    SumsWanted,
    TlsMessage,
    ToData,
)
from tokenrouter.domain.catalog import Catalog
from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.quotas import measured

HELLO = Hello("w1", 1, "0")


def welcome() -> list[ToData]:
    return [CatalogMessage(Catalog(version=7))]


async def answer(wanted: CountersWanted) -> CountersMessage:
    return CountersMessage(wanted.asked, wanted.limit_ids, [("l", "key:a", 3)])


def socket_path() -> Path:
    return Path(mkdtemp()) / "s"  # short: a Unix socket's path has at most 108 bytes


async def until(condition: object) -> None:
    async with asyncio.timeout(60):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def sum_up(wanted: SumsWanted) -> SumsMessage:
    used = [(limit_id, "key:a", len(wanted.counted.get(limit_id, []))) for limit_id in wanted.limit_ids]
    return SumsMessage(wanted.asked, used)


async def test_sums_are_answered_beside_everything_else() -> None:
    path, heard = socket_path(), list[ToData]()
    server = ChannelServer(path, welcome, answer, sum_up)
    client = ChannelClient(path, HELLO, heard.append)
    listening = asyncio.create_task(client.run())
    await server.start()
    await until(lambda: len(heard) == 1)
    client.send(SumsWanted(7, ["l"], {"l": ["req_1", "req_2"]}))
    await until(lambda: len(heard) == 2)

    assert heard[1] == SumsMessage(7, [("l", "key:a", 2)])
    listening.cancel()
    await server.close()


async def test_one_data_process_is_asked_to_explain_and_its_answer_is_taken() -> None:
    path, heard, answers = socket_path(), list[ToData](), list[Explained]()
    server = ChannelServer(path, tuple, answer, sum_up, explained=answers.append)
    clients = [ChannelClient(path, Hello(f"w{number}", number, "0"), heard.append) for number in (1, 2)]
    wanted = ExplainWanted(3, b"digest", "192.0.2.7", b"{}")
    await server.start()
    assert not server.ask_one(wanted)
    listening = [asyncio.create_task(client.run()) for client in clients]
    await until(lambda: len(server.workers) == 2)

    assert server.ask_one(wanted)
    await until(lambda: heard)
    clients[0].send(Explained(3, b"told"))
    await until(lambda: answers)

    assert (heard, answers) == ([wanted], [Explained(3, b"told")])
    for task in listening:
        task.cancel()
    await server.close()


async def test_a_newcomer_is_told_the_state_and_everybody_what_changes() -> None:
    path, heard = socket_path(), list[ToData]()
    server = ChannelServer(path, welcome, answer, sum_up)
    client = ChannelClient(path, HELLO, heard.append)
    listening = asyncio.create_task(client.run())
    await server.start()
    await until(lambda: len(heard) == 1 and server.workers)

    server.broadcast(CatalogMessage(Catalog(version=8)))
    assert client.send(FiguresMessage({"gauges": {"x": 1}}))
    await until(lambda: len(heard) == 2 and server.workers["w1"])

    assert heard == [CatalogMessage(Catalog(version=7)), CatalogMessage(Catalog(version=8))]
    assert server.workers == {"w1": {"gauges": {"x": 1}}}
    listening.cancel()
    await server.close()


async def test_a_newcomer_is_told_how_providers_are_and_everybody_when_that_changes() -> None:
    path, heard = socket_path(), list[ToData]()
    first: list[ToData] = [*welcome(), ConditionsMessage({"a": Condition("online", 0.25, 100.0)})]
    server = ChannelServer(path, lambda: first, answer, sum_up)
    client = ChannelClient(path, HELLO, heard.append)
    listening = asyncio.create_task(client.run())
    await server.start()
    await until(lambda: len(heard) == 2)

    news = ConditionsMessage({"a": Condition("auth problem", None, 200.0)})
    server.broadcast(news)
    await until(lambda: len(heard) == 3)

    assert heard == [*first, news]
    listening.cancel()
    await server.close()


async def test_a_question_is_answered_once_and_a_newer_one_takes_its_place() -> None:
    path, heard, asked = socket_path(), list[ToData](), list[CountersWanted]()
    may_answer = asyncio.Event()

    async def answer_later(wanted: CountersWanted) -> CountersMessage:
        asked.append(wanted)
        await may_answer.wait()
        return await answer(wanted)

    server = ChannelServer(path, welcome, answer_later, sum_up)
    client = ChannelClient(path, HELLO, heard.append)
    listening = asyncio.create_task(client.run())
    await server.start()
    await until(lambda: len(heard) == 1)
    client.send(CountersWanted(1, ["l"]))
    await until(lambda: len(asked) == 1)
    client.send(CountersWanted(1, ["l"]))
    client.send(CountersWanted(2, ["l", "m"]))
    await until(lambda: len(asked) == 2)
    may_answer.set()
    await until(lambda: len(heard) == 2)
    client.send(CountersWanted(3, ["n"]))
    await until(lambda: len(heard) == 3)

    assert asked == [CountersWanted(1, ["l"]), CountersWanted(2, ["l", "m"]), CountersWanted(3, ["n"])]
    assert heard[1:] == [await answer(asked[1]), await answer(asked[2])]
    listening.cancel()
    await server.close()


async def test_a_data_process_that_could_not_be_answered_comes_back_and_asks_again() -> None:
    path, heard, asked = socket_path(), list[ToData](), list[CountersWanted]()

    async def fail_once(wanted: CountersWanted) -> CountersMessage:
        asked.append(wanted)
        if len(asked) == 1:
            raise ValueError("a bug")
        return await answer(wanted)

    def hear(message: ToData) -> None:
        heard.append(message)
        if isinstance(message, CatalogMessage):
            client.send(CountersWanted(1, ["l"]))

    server = ChannelServer(path, welcome, fail_once, sum_up)
    client = ChannelClient(path, HELLO, hear)
    listening = asyncio.create_task(client.run())
    await server.start()
    await until(lambda: len(heard) == 3)

    assert heard == [*welcome(), *welcome(), await answer(asked[0])]
    listening.cancel()
    await server.close()


async def test_a_state_counts_when_everybody_who_listens_has_said_so() -> None:
    path = socket_path()
    server = ChannelServer(path, welcome, answer, sum_up)
    clients = [ChannelClient(path, Hello(name, 1, "0"), lambda _message: None) for name in ("w1", "w2", "w3")]
    listening = [asyncio.create_task(client.run()) for client in clients]
    await server.start()
    await until(lambda: len(server.workers) == 3)

    waiting = asyncio.create_task(server.wait_applied(8))
    clients[0].send(Applied(8))
    clients[1].send(Applied(7))
    clients[1].send(FiguresMessage({"told": 7}))
    await until(lambda: server.workers["w2"])
    assert not waiting.done()
    clients[1].send(Applied(9))
    listening[2].cancel()
    async with asyncio.timeout(60):
        await waiting

    for task in listening:
        task.cancel()
    await server.close()


async def test_a_data_process_that_has_yet_to_come_is_waited_for() -> None:
    path = socket_path()
    server = ChannelServer(path, welcome, answer, sum_up)
    client = ChannelClient(path, HELLO, lambda _: None)
    waiting = asyncio.create_task(server.wait_applied(8))
    await server.start()
    listening = asyncio.create_task(client.run())
    await until(lambda: client.is_connected and len(server.workers) == 1)
    assert not waiting.done()

    client.send(Applied(8))
    async with asyncio.timeout(60):
        await waiting
    listening.cancel()
    await server.close()


async def test_a_data_process_comes_back_to_a_new_control_process() -> None:
    path, heard = socket_path(), list[ToData]()
    client = ChannelClient(path, HELLO, heard.append)
    listening = asyncio.create_task(client.run())
    for count in (1, 2):
        server = ChannelServer(path, welcome, answer, sum_up)
        await server.start()
        await until(lambda count=count: len(heard) == count)
        await server.close()
        await until(lambda: not client.is_connected)

    assert not client.send(HELLO)
    listening.cancel()


async def test_garbage_costs_the_one_who_sent_it_the_connection() -> None:
    path = socket_path()
    server = ChannelServer(path, welcome, answer, sum_up)
    await server.start()
    for garbage in (struct.pack(">I", MAX_FRAME_BYTES + 1), struct.pack(">I", 3) + b"\xc1\xc1\xc1", b"\0"):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(garbage)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 60)
        writer.close()

    assert server.workers == {}
    await server.close()


async def test_what_answers_said_of_limits_is_handed_on() -> None:
    path, told = socket_path(), list[QuotasMessage]()
    server = ChannelServer(path, welcome, answer, sum_up, told.append)
    client = ChannelClient(path, HELLO, lambda _: None)
    listening = asyncio.create_task(client.run())
    await server.start()
    await until(lambda: client.is_connected)
    message = QuotasMessage({"p": (measured("r", "requests", "requests", now_s=1.0, limit=4, remaining=1),)})

    assert client.send(message)
    await until(lambda: told)

    assert told == [message]
    listening.cancel()
    await server.close()


async def test_who_is_told_something_says_so_when_it_counts() -> None:
    path, taken = socket_path(), list[object]()
    server = ChannelServer(path, tuple, answer, sum_up)

    def take(message: object) -> None:
        taken.append(message)
        if isinstance(message, EchoWanted):
            client.send(Echo(message.number))

    client = ChannelClient(path, HELLO, take)
    waiting = asyncio.create_task(server.wait_heard())
    await server.start()
    await asyncio.sleep(0)
    assert not waiting.done(), "nobody is there yet"

    listening = asyncio.create_task(client.run())
    await asyncio.wait_for(waiting, 60)
    server.broadcast(TlsMessage("a.pem"))
    await asyncio.wait_for(server.wait_heard(), 60)

    assert taken == [EchoWanted(1), TlsMessage("a.pem"), EchoWanted(2)]
    listening.cancel()
    await server.close()


async def test_a_data_process_that_ends_is_not_waited_for() -> None:
    path = socket_path()
    server = ChannelServer(path, tuple, answer, sum_up)
    clients = [ChannelClient(path, HELLO, lambda _: None), ChannelClient(path, HELLO, lambda _: None)]

    def take(message: object) -> None:
        if isinstance(message, EchoWanted):
            clients[0].send(Echo(message.number))

    clients[0] = ChannelClient(path, HELLO, take)
    await server.start()
    listening = [asyncio.create_task(client.run()) for client in clients]
    await until(lambda: all(client.is_connected for client in clients))
    waiting = asyncio.create_task(server.wait_heard())
    await asyncio.sleep(0.05)
    assert not waiting.done(), "one of them is silent"

    listening[1].cancel()

    await asyncio.wait_for(waiting, 60)
    listening[0].cancel()
    await server.close()
