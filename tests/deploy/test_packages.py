"""The packages: installed by their real tools on a machine of their own, started, asked, and removed again."""

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.conftest import run
from tests.deploy.other_root import OtherRoot
from tests.deploy.service import STATE, PackagedService
from tests.repo.files import ROOT
from tokenrouter import __version__

pytestmark = [pytest.mark.shipping, pytest.mark.e2e, pytest.mark.xdist_group("packages"), pytest.mark.timeout(300)]

PACKAGES = ROOT / "deploy/packages"
MakeRoot = Callable[[], OtherRoot]
KEPT_BY_SYSTEMS = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/sub", "/etc/.pwd.lock")
"""What every machine's tools for users write: the user stays as long as it owns the state folder."""

MANUALS = "/var/cache/man"
"""What man-db, told by dpkg, writes down of every manual on the machine."""


def serve_and_ask(root: OtherRoot, folder: Path) -> None:
    """Start the service as its unit does, ask it, stop it."""
    with PackagedService(root, folder / "service.log") as service:
        answer = service.ask()
        owner = (root.upper / STATE.lstrip("/") / "data/first-start.txt").stat()
    assert (answer.status, b"Hello!" in answer.body) == (200, True), answer.body
    assert owner.st_uid != 0
    assert "Traceback" not in service.log()


def leftovers(root: OtherRoot, *of_the_tool: str) -> set[str]:
    """Return what is there after the removal beside the state folder and the tool's own books."""
    return {
        path for path in root.changes() if not path.startswith((STATE, "/package.", *KEPT_BY_SYSTEMS, *of_the_tool))
    }


@pytest.fixture(scope="module")
def deb(tmp_path_factory: pytest.TempPathFactory, stage: Path) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not here: this is no Debian, Ubuntu or a relative")
    return Path(run(PACKAGES / "build_deb.sh", tmp_path_factory.mktemp("deb"), STAGE=str(stage)).strip())


@pytest.fixture(scope="module")
def rpm(tmp_path_factory: pytest.TempPathFactory, stage: Path) -> Path:
    if shutil.which("rpmbuild") is None:
        pytest.skip("rpmbuild is not here (Debian, Ubuntu: apt install rpm)")
    return Path(run(PACKAGES / "build_rpm.sh", tmp_path_factory.mktemp("rpm"), STAGE=str(stage)).strip())


def test_the_deb_installs_serves_and_goes_without_leftovers(deb: Path, other_root: MakeRoot, tmp_path: Path) -> None:
    root = other_root()
    package = root.put(deb, "/package.deb")

    told = root.run("dpkg", "-i", package)
    assert "start it: systemctl enable --now tokenrouter" in told
    assert root.run("torod", "version").split() == ["torod", __version__]
    assert root.run("toro", "version").split() == ["toro", __version__]
    rights = root.run("stat", "-c", "%a %U:%G", "/etc/tokenrouter", "/etc/tokenrouter/torod.toml").splitlines()
    assert rights == ["750 root:tokenrouter", "640 root:tokenrouter"]
    assert "is right" in root.run("torod", "config", "check", "--config", "/etc/tokenrouter/torod.toml")
    serve_and_ask(root, tmp_path)
    # As docs/install.md says it, with what sudo does there.
    as_it = ["setpriv", "--reuid=tokenrouter", "--regid=tokenrouter", "--clear-groups", "env"]
    as_it.append(f"TOKENROUTER_HOME={STATE}")
    made = root.run(*as_it, "torod", "keys", "create", "alice", "--config", "/etc/tokenrouter/torod.toml")
    assert "\ntr_" in made
    told = root.run("dpkg", "--purge", "tokenrouter")

    assert f"still in {STATE}" in told
    assert leftovers(root, "/var/lib/dpkg/", "/var/log/dpkg.log", MANUALS) == set()
    assert {path for path in root.folders() if not path.startswith((STATE, MANUALS))} == set()
    assert (root.upper / STATE.lstrip("/") / "data/tokenrouter.db").is_file()


def test_an_upgrade_of_the_deb_keeps_a_changed_configuration(deb: Path, other_root: MakeRoot) -> None:
    root = other_root()
    package = root.put(deb, "/package.deb")
    root.run("dpkg", "-i", package)
    root.run("sh", "-c", "echo 'drain_s = 7' >> /etc/tokenrouter/torod.toml")

    root.run("dpkg", "-i", "--force-confold", package)
    after = root.run("cat", "/etc/tokenrouter/torod.toml")
    root.run("dpkg", "--remove", "tokenrouter")
    removed = root.run("cat", "/etc/tokenrouter/torod.toml")
    root.run("dpkg", "--purge", "tokenrouter")

    assert "drain_s = 7" in after
    assert removed == after, "only a purge takes the configuration"
    assert "tokenrouter" not in root.run("cat", "/etc/passwd"), "without a state folder its user goes too"


def test_the_rpm_installs_serves_and_goes_without_leftovers(rpm: Path, other_root: MakeRoot, tmp_path: Path) -> None:
    root = other_root()
    package = root.put(rpm, "/package.rpm")
    books = "/var/lib/rpm-of-a-test"

    # Debian's books know nothing of Debian's Python, so what it requires cannot be looked up here.
    root.run("rpm", "--dbpath", books, "--nodeps", "-i", package)
    assert root.run("torod", "version").split() == ["torod", __version__]
    assert root.run("stat", "-c", "%a %U:%G", "/etc/tokenrouter/torod.toml").strip() == "640 root:tokenrouter"
    assert root.run("rpm", "--dbpath", books, "-V", "--nodeps", "tokenrouter") == ""
    requires = root.run("rpm", "--dbpath", books, "-qR", "tokenrouter").split()
    serve_and_ask(root, tmp_path)
    told = root.run("rpm", "--dbpath", books, "-e", "tokenrouter")

    assert any(one.startswith("/usr/bin/python3.") for one in requires)
    assert f"still in {STATE}" in told
    assert leftovers(root, books) == set()
    assert {path for path in root.folders() if not path.startswith((STATE, books))} == set()


def test_the_arch_package_is_made_and_holds_the_tree(stage: Path, other_root: MakeRoot, tmp_path: Path) -> None:
    if not all(map(shutil.which, ("makepkg", "pacman", "bsdtar"))):
        pytest.skip("makepkg is not here (Debian, Ubuntu: apt install makepkg pacman-package-manager libarchive-tools)")
    root = other_root()
    made = Path(run(PACKAGES / "build_arch.sh", tmp_path / "arch", STAGE=str(stage)).strip())
    package = root.put(made, f"/package.{made.name}")

    with tarfile.open(made) as archive:
        names = set(archive.getnames())
    pacman = ["pacman", "--noconfirm", "--noprogressbar", "-dd", "--dbpath", "/var/lib/pacman-of-a-test"]
    root.run("mkdir", "-p", "/var/lib/pacman-of-a-test")
    root.run(*pacman, "-U", package)
    serve_and_ask(root, tmp_path)
    root.run(*pacman, "-R", "--nosave", "tokenrouter")

    assert {".PKGINFO", "usr/bin/torod", "usr/lib/sysusers.d/tokenrouter.conf"} <= names
    of_pacman = ("/var/lib/pacman-of-a-test", "/var/log/pacman.log", "/var/cache/", "/etc/ld.so.cache")
    assert leftovers(root, *of_pacman) == set()


def test_the_tree_tells_nothing_of_where_it_was_made(stage: Path) -> None:
    assert not [path for path in stage.rglob("*") if path.is_file() and str(stage).encode() in path.read_bytes()]
    assert not list(stage.rglob("pip"))
