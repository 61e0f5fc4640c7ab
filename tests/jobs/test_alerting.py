from collections.abc import Sequence

from tokenrouter.domain.alerts import Alert
from tokenrouter.jobs.alerting import Alerting
from tokenrouter.jobs.emails import Emails
from tokenrouter.jobs.webhooks import Webhooks
from tokenrouter.upstream.client import UpstreamClient

AWAY = Alert("provider.offline", "groq", "", "", 0, 1.0)


class Notebook:
    """A carrier that writes down."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.told: list[Sequence[Alert]] = []
        self.is_closed = False

    def send(self, alerts: Sequence[Alert]) -> None:
        self.told.append(alerts)

    async def close(self) -> None:
        self.is_closed = True


async def test_every_carrier_hears_of_every_alert_and_kinds_are_counted() -> None:
    one, other = Notebook(), Notebook()
    alerting = Alerting((one, other))

    alerting.send([AWAY, AWAY])
    alerting.send([])
    await alerting.close()

    assert one.told == other.told == [[AWAY, AWAY]]
    assert alerting.counts == {"provider.offline": 2}
    assert one.is_closed
    assert other.is_closed


async def test_webhooks_and_e_mail_are_carriers() -> None:
    async with UpstreamClient() as upstream:
        alerting = Alerting((Webhooks(upstream, tuple), Emails(lambda: None)))
        alerting.send([AWAY])
        await alerting.close()
