"""What `torod serve` decided, for the supervisor: plain values, so that the supervisor need not load the settings."""

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Bound:
    """An address to listen at.

    Attributes:
        kind: `http`, `redirect` or `tls`.
        port: 0 is chosen by the system.
        setting: what says so, by its path in the file.
    """

    kind: str
    host: str
    port: int
    setting: str = "listen_addr"


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run.

    Attributes:
        listeners: where to listen, what people are told first.
        name: what people are told to call the gateway where it has a name, else "".
        config: `--config`, or None. `listen_addr`: `--listen-addr`, or None.
        data, control, sandbox: commands of the children; an empty `sandbox` means none.
        watcher: command of the child that has the others started anew, for development; empty for none.
        lines: what to print at the start, after the address.
        model: a model name for the curl line. `ca_file`: the certificate that it is to trust, "" for the public ones.
        drain_s: how long running requests may take to end.
        workers: how many data processes share the work.
        start_s: how long the data process may take to be ready for the first time.
        log_folder: where the supervisor keeps what it says, "" for nowhere; `log_lines` and `log_bytes` bound it.
    """

    state_dir: str
    listeners: list[Bound]
    name: str = ""
    config: str | None = None
    listen_addr: str | None = None
    data: list[str] = field(default_factory=list)
    control: list[str] = field(default_factory=list)
    sandbox: list[str] = field(default_factory=list)
    watcher: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    model: str = ""
    ca_file: str = ""
    drain_s: float = 30.0
    start_s: float = 60.0
    workers: int = 1
    log_folder: str = ""
    log_lines: int = 5000
    log_bytes: int = 64 * 2**20

    def to_json(self) -> str:
        """Return it as one line; it holds no secret."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Read what `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "listeners": [Bound(**one) for one in values["listeners"]]})
