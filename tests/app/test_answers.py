"""What one data process keeps, put together."""

from dataclasses import replace
from pathlib import Path

from tests.gateway.fakes import Held, Notes, Tokens, catalog
from tokenrouter.app.answers import Answers
from tokenrouter.config.load import load
from tokenrouter.config.settings import IdempotencySettings, KeptRoom, Settings
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.kept_answers import AnswerStore
from tokenrouter.keeping.memory import MemoryAnswers
from tokenrouter.keeping.redis import RedisAnswers
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.redis.address import parse_redis_url


def answers(settings: Settings) -> Answers:
    ports = Ports(Notes(), MemoryLimiter(()), Figures(), Tokens())
    return Answers(settings, b"s" * 32, Held(Directory(catalog(), b"")), ports)


def test_idempotency_comes_before_the_cache_and_can_be_left_out(tmp_path: Path) -> None:
    settings = load(config=None, environ={"TOKENROUTER_HOME": str(tmp_path)})
    both = answers(settings)
    assert (len(both.first), len(both.last)) == (1, 1)
    assert answers(replace(settings, idempotency=IdempotencySettings(enabled=False))).first == ()
    assert both.gauges()["kept_answers"] == 0


def test_either_may_lie_on_a_server(tmp_path: Path) -> None:
    settings = load(config=None, environ={"TOKENROUTER_HOME": str(tmp_path)})
    shared = replace(settings, redis_url="redis://127.0.0.1:1/0", cache=KeptRoom("redis"))
    assert answers(shared).gauges()["kept_answers_failures"] == 0


def test_both_stores_fit_their_port() -> None:
    stores: list[AnswerStore] = [
        MemoryAnswers(1, 1),
        RedisAnswers(parse_redis_url("redis://127.0.0.1:1/0"), b"k" * 32, 1, 1),
    ]
    assert len(stores) == 2
