import stat
from pathlib import Path

from tests.cli.doctor.patients import patient, told
from tokenrouter.cli.doctor.files import check_files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(folder: Path) -> list[Path]:
    """Leave everything open that should not be."""
    (folder / "data").mkdir()
    secret = folder / "acme.key"
    files = [folder / "torod.toml", secret, folder / ".env", folder / "data" / "secret.key", folder / "data" / "x.db"]
    for file in files[1:]:
        file.write_text("A=b")
    files[0].write_text(f'[[providers]]\nname = "a"\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "file:{secret}"\n')
    for file in files:
        file.chmod(0o644)
    (folder / "data").chmod(0o755)
    return files


def test_what_others_may_read_is_told_and_left(tmp_path: Path) -> None:
    files = opened(tmp_path)

    said = told(list(check_files(patient(tmp_path))), "warning")

    assert all(str(file) in said for file in (*files, tmp_path / "data"))
    assert f"chmod 600 {files[0]}" in said
    assert {mode(file) for file in files} == {0o644}


def test_what_others_may_read_is_mended_when_that_is_wanted(tmp_path: Path) -> None:
    files = opened(tmp_path)

    found = list(check_files(patient(tmp_path, fix=True)))

    assert not told(found, "warning")
    assert sum(one.mended for one in found) == 6
    assert {mode(file) for file in files} == {0o600}
    assert mode(tmp_path / "data") == 0o700
    assert not any(one.mended for one in check_files(patient(tmp_path, fix=True)))


def test_an_installation_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    found = list(check_files(patient(tmp_path)))

    assert {one.level for one in found} == {"ok"}
    assert "is made at the first start" in told(found, "ok")
    assert not list(tmp_path.iterdir())
