import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tls.certificates import issued, settings
from tokenrouter.config.settings import TlsSettings
from tokenrouter.tls.folder import keep_pair, kept_file
from tokenrouter.tls.pair import BadCertificate
from tokenrouter.tls.prepare import certificate_file, prepare_certificate

NOW_S = time.time()


def test_a_certificate_of_ours_is_made_once_and_again_only_for_another_name(tmp_path: Path) -> None:
    ours = settings(tmp_path, mode="self_signed")
    first = prepare_certificate(ours)
    assert prepare_certificate(ours).facts == first.facts

    other = prepare_certificate(settings(tmp_path, mode="self_signed", domains=("a.test",)))

    assert other.facts.fingerprint != first.facts.fingerprint
    assert "a.test" in other.facts.names
    assert prepare_certificate(ours).facts == other.facts, "names that nobody asks for any more do no harm"
    assert b"PRIVATE" not in certificate_file(other).read_bytes()


def test_it_is_made_anew_before_its_end_and_when_it_is_damaged(tmp_path: Path) -> None:
    ours = settings(tmp_path, mode="self_signed")
    first = prepare_certificate(ours, NOW_S)
    second = prepare_certificate(ours, first.facts.not_after_s - 86_400)
    second.path.write_bytes(b"damaged")

    third = prepare_certificate(ours, NOW_S)

    assert len({one.facts.fingerprint for one in (first, second, third)}) == 3


def test_the_operators_own_is_copied_so_that_its_files_may_go(tmp_path: Path) -> None:
    pair = issued("a.test")
    (tmp_path / "cert").write_bytes(pair.chain)
    (tmp_path / "key").write_bytes(pair.key)
    by_files = settings(tmp_path, mode="pem", cert_file=str(tmp_path / "cert"), key_file=str(tmp_path / "key"))

    prepared = prepare_certificate(by_files)

    assert (prepared.mode, prepared.facts.names, prepared.path.read_bytes()) == ("pem", ("a.test",), pair.pem)
    by_text = TlsSettings(True, "pem", cert_pem=pair.chain.decode(), key_pem=pair.key.decode())
    assert prepare_certificate(replace(by_files, tls=by_text)).facts == prepared.facts


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCertificate, match=r"tls\.cert_file: /no/such/file cannot be read: No such file"):
        prepare_certificate(settings(tmp_path, mode="pem", cert_file="/no/such/file", key_file="/no/such/key"))


def test_while_an_authority_has_not_answered_ours_is_served(tmp_path: Path) -> None:
    wanted = settings(tmp_path, mode="letsencrypt", domains=("a.test",))
    assert prepare_certificate(wanted).mode == "self_signed"

    keep_pair(kept_file(wanted, "letsencrypt"), issued("a.test"))

    assert prepare_certificate(wanted).mode == "letsencrypt"
