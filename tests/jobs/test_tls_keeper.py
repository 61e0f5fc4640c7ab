import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from tests.tls.certificates import issued, settings
from tokenrouter.config.settings import Settings, TlsSettings
from tokenrouter.jobs.tls_keeper import TlsKeeper, TlsState
from tokenrouter.tls.folder import keep_pair, kept_file
from tokenrouter.tls.pair import Pair
from tokenrouter.tls.prepare import prepare_certificate


class Kept:
    """A keeper of an operator's files, and what it has told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_s = time.time()
        self.told: list[TlsState] = []
        self.changes = 0
        self.put(issued("first.test"))
        self.settings = settings(folder, mode="pem", cert_file=str(folder / "cert"), key_file=str(folder / "key"))
        prepare_certificate(self.settings)
        self.keeper = TlsKeeper(lambda: self.settings, self.told.append, lambda: self.now_s)

    def put(self, pair: Pair) -> None:
        """Write files whose times differ from those before, however fast a test is."""
        self.changes += 1
        for name, content in (("cert", pair.chain), ("key", pair.key)):
            (self.folder / name).write_bytes(content)
            os.utime(self.folder / name, (self.changes, self.changes))

    def look(self, times: int = 1) -> TlsState:
        for _ in range(times):
            self.keeper.look()
        assert self.keeper.state is not None
        return self.keeper.state


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_what_is_served_from_the_start_is_known_and_told_to_nobody(kept: Kept) -> None:
    assert (kept.look().facts.names, kept.told) == (("first.test",), [])


def test_another_pair_is_checked_kept_and_told(kept: Kept) -> None:
    kept.put(issued("second.test"))
    kept.look(2)

    assert [one.facts.names for one in kept.told] == [("second.test",)]
    assert b"PRIVATE" in kept.told[0].path.read_bytes()


@pytest.mark.parametrize("part", ["cert", "key"])
@pytest.mark.parametrize("content", [b"", b"garbage", None, issued().chain, issued().key])
def test_a_wrong_pair_is_refused_with_words_and_the_one_before_stays(
    kept: Kept, part: str, content: bytes | None
) -> None:
    before = kept.look().path.read_bytes()
    if content is None:
        (kept.folder / part).unlink()
    else:
        (kept.folder / part).write_bytes(content)

    assert kept.look().problem == "", "certificate and key are rarely replaced at one moment"
    state = kept.look()
    assert (bool(state.problem), state.path.read_bytes(), kept.told) == (True, before, [])

    kept.put(issued("third.test"))
    state = kept.look()
    assert (state.problem, state.facts.names) == ("", ("third.test",))


def test_one_that_is_over_does_not_replace_one_that_is_not(kept: Kept) -> None:
    kept.now_s = kept.look().facts.not_before_s + 1
    old = issued("old.test")
    kept.put(old)
    kept.settings = replace(kept.settings)
    kept.keeper = TlsKeeper(lambda: kept.settings, kept.told.append, lambda: 1e11)

    assert kept.look(2).facts.names == ("old.test",), "where both are over, the newer one counts"


def test_texts_in_the_configuration_are_followed_too(kept: Kept) -> None:
    pair = issued("text.test")
    tls = TlsSettings(True, "pem", cert_pem=pair.chain.decode(), key_pem=pair.key.decode())
    kept.settings = replace(kept.settings, tls=tls)

    assert kept.look().facts.names == ("text.test",)


def test_ours_is_renewed_before_its_end_and_for_another_name(tmp_path: Path) -> None:
    ours = settings(tmp_path, mode="self_signed")
    prepare_certificate(ours)
    told: list[TlsState] = []
    now_s = [time.time()]
    keeper = TlsKeeper(lambda: ours, told.append, lambda: now_s[0])
    keeper.look()
    assert (told, keeper.state is not None) == ([], True)

    now_s[0] += 800 * 86_400
    keeper.look()
    assert len(told) == 1

    ours = settings(tmp_path, mode="self_signed", domains=("a.test",))
    keeper.look()
    assert "a.test" in told[-1].facts.names


def test_whoever_puts_a_certificate_into_the_folder_has_it_served(tmp_path: Path) -> None:
    wanted = settings(tmp_path, mode="letsencrypt", domains=("a.test",))
    prepare_certificate(wanted)
    told: list[TlsState] = []
    keeper = TlsKeeper(lambda: wanted, told.append)
    assert keeper.state is not None
    assert keeper.state.mode == "self_signed"

    keep_pair(kept_file(wanted, "letsencrypt"), issued("a.test"))
    keeper.look()

    assert [(one.mode, one.facts.names) for one in told] == [("letsencrypt", ("a.test",))]


def test_challenges_are_told_with_the_certificate_that_counts(kept: Kept) -> None:
    kept.keeper.answer_challenges({"token": "answer"}, {"a.test": "/file"})
    kept.put(issued("second.test"))
    kept.look()

    assert [(one.facts.names, dict(one.answers)) for one in kept.told] == [
        (("first.test",), {"token": "answer"}),
        (("second.test",), {"token": "answer"}),
    ]


def test_where_https_is_off_there_is_nothing(tmp_path: Path) -> None:
    off: Settings = replace(settings(tmp_path), tls=TlsSettings())

    assert TlsKeeper(lambda: off, print).state is None


def test_a_chain_that_is_completed_is_told_though_the_certificate_is_the_same(kept: Kept) -> None:
    authority = trustme.CA()
    pair = issued("a.test", authority=authority)
    kept.put(pair)
    kept.look()

    kept.put(Pair(pair.chain + authority.cert_pem.bytes(), pair.key))
    kept.look()

    assert len(kept.told) == 2
