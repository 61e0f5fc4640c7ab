"""The image: what it says of itself, and its very instructions, carried out where there is no container engine."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.dockerfile import Instruction, environment, last, read_stages
from tests.deploy.other_root import PATH, OtherRoot
from tests.repo.files import ROOT, project_files
from tokenrouter.testing.processes import ServerProcess, call, free_port

DOCKERFILE = ROOT / "deploy/docker/Dockerfile"
STAGES = read_stages(DOCKERFILE)
BUILD, IMAGE = STAGES
VOLUME = "/var/lib/tokenrouter"
HEALTHCHECK = ROOT / "deploy/docker/healthcheck.py"


def test_the_image_runs_as_a_numbered_user_and_stops_as_torod_wants() -> None:
    assert last(IMAGE, "USER").rest == "10001:10001"
    assert last(IMAGE, "VOLUME").rest == VOLUME
    assert last(IMAGE, "STOPSIGNAL").rest == "SIGTERM"
    assert last(IMAGE, "ENTRYPOINT").words() + last(IMAGE, "CMD").words() == ["torod", "serve", "--no-wizard"]
    assert "healthcheck.py" in last(IMAGE, "HEALTHCHECK").rest


def test_no_secret_and_no_moving_base_is_in_it() -> None:
    text = DOCKERFILE.read_text()

    assert ":latest" not in text
    assert "ARG PYTHON=3." in text
    assert not [one for stage in STAGES for one in stage if one.word in {"ADD", "ARG"}]


def test_what_is_sent_to_the_engine_holds_no_secrets_and_no_environment() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert {".git", ".env", ".venv", "/torod.toml", "**/node_modules", "tests"} <= set(ignored)


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed here; make test-shipping installs it")

    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_health_check_fails_where_nothing_answers() -> None:
    env = {**os.environ, "TOKENROUTER_LISTEN_ADDR": f"127.0.0.1:{free_port()}"}

    done = subprocess.run([sys.executable, HEALTHCHECK], env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "no answer" in done.stderr


class ContainerProcess(ServerProcess):
    """Entry point and command of the image, its user and environment, on a root that cannot be written to."""

    def __init__(self, root: OtherRoot, log_file: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        user, group = last(IMAGE, "USER").rest.split(":")
        environ = {**environment(IMAGE, PATH), "TOKENROUTER_LISTEN_ADDR": self.address}
        environ |= {"TOKENROUTER_AUTO_DETECT_LOCAL_SERVERS": "false"}
        plain = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--bounding-set=-all"]
        words = [*last(IMAGE, "ENTRYPOINT").words(), *last(IMAGE, "CMD").words(), "--sandbox"]
        argv = ["/usr/bin/env", *(f"{k}={v}" for k, v in environ.items()), *plain, "--no-new-privs", *words]
        super().__init__(root.command(argv, volume=VOLUME), env=os.environ, log_file=log_file)

    def is_ready(self) -> bool:
        return "First API key" in self.log()

    def stop(self, timeout_s: float = 40) -> int:
        process, _ = self._started()
        if process.poll() is None:
            os.kill(self.pids["supervisor"], signal.SIGTERM)
        return process.wait(timeout_s)


@pytest.mark.shipping
@pytest.mark.e2e
@pytest.mark.xdist_group("shipping")
@pytest.mark.timeout(400)
def test_its_instructions_make_something_that_serves_on_a_read_only_root(
    other_root: Callable[[], OtherRoot], tmp_path: Path, system_python: Path
) -> None:
    builder, image = other_root(), other_root()
    carry_out(BUILD, builder, None)
    carry_out(IMAGE, image, builder)
    os.chown(image.volume, 10001, 10001)

    with ContainerProcess(image, tmp_path / "container.log") as container:
        key = (image.volume / "data/first-start.txt").read_text().split()[1]
        body = b'{"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello!"}]}'
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        answer = call(f"http://{container.address}", "POST", "/v1/chat/completions", body=body, headers=headers)
        asked = {**os.environ, "TOKENROUTER_LISTEN_ADDR": container.address}
        health = subprocess.run([sys.executable, HEALTHCHECK], env=asked, check=False)

    assert (answer.status, health.returncode) == (200, 0)
    assert "Traceback" not in container.log()


def carry_out(stage: list[Instruction], root: OtherRoot, build: OtherRoot | None) -> None:
    """Do what a stage's instructions say; this machine's system stands for the base image."""
    folder = "/"
    own = {name: value for name, value in os.environ.items() if name.startswith("PIP_")} | {"HOME": "/root"}
    for one in stage:
        if one.word == "WORKDIR":
            folder = one.rest
            root.run("mkdir", "-p", folder)
        elif one.word == "COPY":
            copy(one.words(), root, build, folder)
        elif one.word == "RUN":
            root.run("sh", "-c", f"cd {shlex.quote(folder)}; {one.rest}", **{**own, **environment(stage, PATH)})


def copy(words: list[str], root: OtherRoot, build: OtherRoot | None, folder: str) -> None:
    """Carry out one `COPY`; the context is what git knows, and the admin UI that was built."""
    target = root.upper / str(Path(folder) / words[-1]).lstrip("/")
    if words[0].startswith("--from="):
        assert build is not None
        shutil.copytree(build.upper / words[1].lstrip("/"), target, symlinks=True)
        return
    for word in words[:-1]:
        if word != ".":
            target.mkdir(parents=True, exist_ok=True) if words[-1].endswith("/") else None
            shutil.copy(ROOT / word, target)
            continue
        built = (path for path in (ROOT / "src/tokenrouter/admin/ui").rglob("*") if path.is_file())
        for path in (*project_files(), *built):
            place = target / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
