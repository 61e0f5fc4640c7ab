"""Certificates for tests, of an authority of their own."""

from pathlib import Path
from typing import Any

import trustme

from tokenrouter.config.settings import Paths, Settings, TlsSettings
from tokenrouter.tls.pair import Pair


def issued(*names: str, authority: trustme.CA | None = None) -> Pair:
    """Return a pair for `names`."""
    leaf = (authority or trustme.CA()).issue_cert(*(names or ("localhost",)))
    return Pair(b"".join(blob.bytes() for blob in leaf.cert_chain_pems), leaf.private_key_pem.bytes())


def settings(folder: Path, **tls: Any) -> Settings:
    """Return settings whose state lies in `folder`."""
    return Settings(paths=Paths(None, folder / "torod.toml", folder, folder), tls=TlsSettings(enabled=True, **tls))
