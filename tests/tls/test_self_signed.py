import ssl
import time
from ipaddress import ip_address

from tokenrouter.tls.pair import read_pair
from tokenrouter.tls.self_signed import DAYS, is_good_for, make_self_signed, own_addresses, own_names

NOW_S = time.time()


def test_it_names_everything_by_which_this_machine_may_be_called() -> None:
    names = own_names(("ai.example.com",))
    facts = read_pair(make_self_signed(names, NOW_S), NOW_S)

    assert names[:2] == ["ai.example.com", "localhost"]
    assert set(facts.names) == set(names) >= {"127.0.0.1", "::1"}
    assert (facts.is_self_signed, facts.issuer, facts.warnings) == (True, "ai.example.com", ())


def test_it_counts_for_as_long_as_clients_accept() -> None:
    facts = read_pair(make_self_signed(["localhost"], NOW_S), NOW_S)

    assert 0 < facts.not_after_s - facts.not_before_s <= 825 * 86_400
    assert facts.not_before_s < NOW_S


def test_it_does_until_its_end_is_near_or_another_name_is_asked_for() -> None:
    facts = read_pair(make_self_signed(["localhost", "a.test"], NOW_S), NOW_S)

    assert is_good_for(facts, ("a.test",), NOW_S)
    assert not is_good_for(facts, ("b.test",), NOW_S)
    assert not is_good_for(facts, (), NOW_S + (DAYS - 29) * 86_400)


def test_clients_trust_it_as_it_is_and_it_vouches_for_nothing_else() -> None:
    context = ssl.create_default_context(cadata=make_self_signed(["localhost"], NOW_S).chain.decode())

    assert context.cert_store_stats() == {"x509": 1, "crl": 0, "x509_ca": 0}


def test_own_addresses_are_others_than_loopback() -> None:
    assert not any(ip_address(text).is_loopback for text in own_addresses())
