"""What listens, as it is shown, and what is risky about it."""

from typing import Literal

from pydantic import BaseModel

from tokenrouter.admin.state import ControlState

Serves = Literal["clients", "redirect", "metrics"]
Reach = Literal["this_machine", "one_address", "every_address"]


class Listener(BaseModel):
    """One address at which something is served: everything to `clients`, `metrics` alone, or the way to HTTPS.

    `workers` is how many processes share it. Where `tls` is off keys cross a network readable, unless a reverse proxy
    stands in between. `setting` says which one names it.
    """

    serves: Serves
    setting: str
    address: str
    host: str
    port: int
    reach: Reach
    tls: Literal["off", "on"] = "off"
    workers: int


class Declared(BaseModel):
    """What a start would take, and where it is said; "" is the default. `differs`: it needs a restart to count."""

    listen_addr: str
    declared_at: str
    config_file: str
    differs: bool


class Warned(BaseModel):
    """Something to be mended, as a word for programs and in words."""

    code: Literal[
        "readable_on_the_network", "metrics_for_everybody", "restart_needed", "certificate_refused", "certificate_over"
    ]
    message: str


def listener_warnings(listeners: list[Listener], declared: Declared) -> list[Warned]:
    """Return what is risky about where it listens, or waits for a restart."""
    others = [one for one in listeners if one.serves == "metrics"]
    found = []
    plain = (one for one in listeners if one.serves == "clients" and one.tls == "off" and one.reach != "this_machine")
    if (clients := next(plain, None)) is not None:
        words = (
            f"The gateway listens at {clients.address} without TLS: whoever can read the network reads keys and "
            "prompts. Switch [tls] on, or put a reverse proxy with TLS in front and name it in trusted_proxies, or "
            "listen at 127.0.0.1."
        )
        found.append(Warned(code="readable_on_the_network", message=words))
    if any(one.reach != "this_machine" for one in others):
        words = f"Whoever reaches {others[0].address} reads the metrics without a key; let a firewall say who does."
        found.append(Warned(code="metrics_for_everybody", message=words))
    if declared.differs:
        words = f"The gateway listens at {listeners[0].address}; {declared.listen_addr} counts after a restart."
        found.append(Warned(code="restart_needed", message=words))
    return found


def certificate_warnings(state: ControlState) -> list[Warned]:
    """Return what is wrong with the certificate."""
    served = state.tls()
    if served is None:
        return []
    found = []
    if served.problem:
        words = f"There is a newer certificate that is not served: {served.problem}. The one before is."
        found.append(Warned(code="certificate_refused", message=words))
    if served.facts.is_over(state.clock()):
        words = "The certificate is over: clients refuse to speak to this gateway until there is another one."
        found.append(Warned(code="certificate_over", message=words))
    return found
