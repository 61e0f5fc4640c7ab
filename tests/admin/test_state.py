from tests.admin.installation import PROVIDER_SECRET, Installation
from tokenrouter.domain.catalog import Catalog
from tokenrouter.store.keys import KeyRequest, create_key


def test_a_catalog_is_indexed_once_and_again_when_it_is_another(installation: Installation) -> None:
    catalogs = [Catalog(version=1)]
    installation.state.catalog = lambda: catalogs[-1]

    first = installation.state.directory()
    assert installation.state.directory() is first

    catalogs.append(Catalog(version=2))
    assert installation.state.directory().catalog.version == 2


def test_keys_of_the_database_are_not_declared(installation: Installation) -> None:
    create_key(installation.store, KeyRequest(name="bob"), pepper=b"pepper", now_s=installation.now_s)

    assert [key.name for key in installation.state.declared_keys()] == ["root", "master", "alice"]


def test_declared_keys_are_picked_out_once_for_each_catalog(installation: Installation) -> None:
    catalogs = [installation.catalog()]
    installation.state.catalog = lambda: catalogs[-1]

    first = installation.state.declared_keys()
    assert installation.state.declared_keys() is first

    catalogs.append(Catalog(version=2))
    assert installation.state.declared_keys() == ()


def test_its_repr_shows_no_secret(installation: Installation) -> None:
    assert PROVIDER_SECRET not in repr(installation.state)
    assert repr(installation.state.pepper) not in repr(installation.state)


def test_where_nothing_is_declared_there_is_no_place(installation: Installation) -> None:
    assert installation.state.declared_at("providers.acme") == "torod.toml:1"
    assert installation.state.declared_at("providers.nobody") == ""
