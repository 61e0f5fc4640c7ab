"""The certificate as the network's page shows it: what it says, where it lies, and what is to become of it."""

from pydantic import BaseModel

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.state import ControlState
from tokenrouter.admin.tls import ShownAuthority, shown_authority
from tokenrouter.config.settings import TlsMode


class Https(BaseModel):
    """The certificate that is served.

    `file` is where it is kept with its key, `source_files` what an operator's own is read from, `trust_file` what
    clients are told to trust where nobody else vouches for it. `problem` says why no newer one is served, `warnings`
    what is to be mended of this one.
    """

    mode: TlsMode
    wanted_mode: TlsMode
    names: list[str]
    issuer: str
    self_signed: bool
    not_before: str
    not_after: str
    fingerprint: str
    file: str
    source_files: list[str]
    trust_file: str
    problem: str
    warnings: list[str]
    authority: ShownAuthority | None


def shown_https(state: ControlState) -> Https | None:
    """Return the certificate of this node; None where HTTPS is off."""
    served = state.tls()
    if served is None:
        return None
    facts, tls = served.facts, state.settings.tls
    return Https(
        mode=served.mode,
        wanted_mode=tls.mode,
        names=list(facts.names),
        issuer=facts.issuer,
        self_signed=facts.is_self_signed,
        not_before=time_text(facts.not_before_s) or "",
        not_after=time_text(facts.not_after_s) or "",
        fingerprint=facts.fingerprint,
        file=str(served.path),
        source_files=[name for name in (tls.cert_file, tls.key_file) if name] if served.mode == "pem" else [],
        trust_file=str(served.path.with_suffix(".crt")) if served.mode == "self_signed" else "",
        problem=served.problem,
        warnings=list(facts.warnings),
        authority=shown_authority(state.acme),
    )
