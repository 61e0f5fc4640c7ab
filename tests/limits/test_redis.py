from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.limits.cluster import ClusterInterleavings
from tests.limits.redis_keeper import RedisKeeper
from tests.limits.suite import CHANGING, Clock, Interleavings, Keeper, LimiterSuite
from tokenrouter.domain.limits import Limit
from tokenrouter.testing.valkey import ValkeyServer

QUICK = settings(
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


class TestRedisLimiter(LimiterSuite):
    @pytest.fixture(autouse=True)
    def server(self, valkey: ValkeyServer) -> Iterator[None]:
        valkey.ask("FLUSHALL")
        self.valkey = valkey
        self.keepers: list[RedisKeeper] = []
        yield
        for keeper in self.keepers:
            keeper.close()

    def make(self, limits: Sequence[Limit], clock: Clock, *, restored: bool) -> Keeper:
        self.keepers.append(RedisKeeper(self.valkey, limits, clock, restored=restored))
        return self.keepers[-1]


def test_no_order_of_events_on_one_node_passes_a_limit(valkey: ValkeyServer) -> None:
    class RedisInterleavings(Interleavings):
        def make(self, limits: Sequence[Limit], clock: Clock) -> Keeper:
            valkey.ask("FLUSHALL")
            self.made = RedisKeeper(valkey, (*limits, *CHANGING), clock)
            return self.made

        def teardown(self) -> None:
            self.made.close()

    run_state_machine_as_test(RedisInterleavings, settings=settings(QUICK, max_examples=15))


def run_cluster(server: ValkeyServer, examples: int) -> None:
    class Cluster(ClusterInterleavings):
        pass

    Cluster.server = server
    run_state_machine_as_test(Cluster, settings=settings(QUICK, max_examples=examples))


def test_no_order_of_events_in_a_cluster_passes_a_limit(valkey: ValkeyServer) -> None:
    run_cluster(valkey, examples=6)


@pytest.mark.torture
def test_no_order_of_events_in_a_cluster_passes_a_limit_however_long_one_looks(valkey: ValkeyServer) -> None:
    run_cluster(valkey, examples=400)
