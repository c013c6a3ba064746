"""The container's image: who runs in it, what is in it, what it starts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.deployment.reading import PROJECT, SECRET, command_line, in_context, instructions, tool

WITH_SECRETS = PROJECT / "deploy" / "docker" / "with-secrets.sh"


def of(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def test_it_runs_as_nobody_in_particular():
    assert of("USER") == ["10001:10001"]  # a number: Kubernetes' runAsNonRoot can check it
    names = [name for name, _ in instructions()]
    assert names.index("USER") > max(i for i, name in enumerate(names) if name in ("RUN", "COPY"))


def test_all_but_var_belongs_to_root():
    assert not any("--chown" in rest for rest in of("COPY"))
    made = " ".join(of("RUN"))
    assert "install -d -o brain -g brain -m 0700 var var/versions" in made
    assert "ln -s ../var/versions saved_models/versions" in made  # retrained versions are written there
    assert of("VOLUME") == ["/app/var"]


def test_its_health_is_the_servers_own():
    (check,) = of("HEALTHCHECK")
    assert "http://127.0.0.1:8501/_stcore/health" in check
    words = json.loads(check.split("CMD", 1)[1])
    compile(words[2], "HEALTHCHECK", "exec")
    assert words[:2] == ["python", "-c"]


def test_it_starts_what_refuses_an_unsafe_address():
    command = json.loads(of("CMD")[0])
    command_line(command)
    assert command[3:] == ["serve", "--address", "0.0.0.0", "--port", "8501"]
    assert json.loads(of("ENTRYPOINT")[0]) == ["with-secrets"]
    assert "BRAIN_OPEN_ACCESS" not in (PROJECT / "Dockerfile").read_text()


def test_no_secret_is_baked_in():
    assert not [rest for rest in of("ENV") + of("ARG") if SECRET.search(rest)]


def test_packages_come_with_checksums_and_before_the_code():
    steps = [f"{name} {rest}" for name, rest in instructions()]
    install = next(i for i, step in enumerate(steps) if "pip install" in step)
    assert "--require-hashes --no-deps --only-binary :all: -r /requirements.lock" in steps[install]
    assert install < next(i for i, step in enumerate(steps) if step.startswith("COPY brain_core"))
    assert not any("apt-get" in step or "chromium" in step for step in steps)


@pytest.mark.parametrize(
    "path",
    [
        ".streamlit/secrets.toml",
        ".env",
        ".git/config",
        ".venv/bin/python",
        "var/pseudonyms.key",
        "deploy/secrets/database_password",
        "saved_models/versions/custom_cnn/x/custom_cnn_fixed.keras",
        "brain_core/__pycache__/errors.cpython-311.pyc",
        "tests/conftest.py",
    ],
)
def test_what_stays_out(path):
    assert not in_context(path)


def test_what_is_copied_is_there():
    sources = [word for rest in of("COPY") if "--from" not in rest for word in rest.split()[:-1]]
    for source in sources:
        path = PROJECT / source
        assert path.exists(), source
        files = [path] if path.is_file() else [file for file in path.rglob("*.py") if "__pycache__" not in file.parts]
        assert all(in_context(str(file.relative_to(PROJECT))) for file in files), source
    assert in_context("saved_models/resnet50_transfer.keras")
    assert {"brain_core", "pages", "saved_models", "streamlit_app.py", "requirements.lock"} <= set(sources)


def test_a_linter_finds_nothing():
    done = subprocess.run([tool("hadolint"), "Dockerfile"], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def through(*words: str, **environment: str) -> subprocess.CompletedProcess:
    environment = {"PATH": "/usr/bin:/bin"} | environment
    return subprocess.run([WITH_SECRETS, *words], env=environment, capture_output=True, text=True)


def test_the_password_comes_out_of_its_file(tmp_path):
    (tmp_path / "password").write_text("s3 cret\n")
    done = through("sh", "-c", 'echo "$PGPASSWORD"; umask', PGPASSWORD_FILE=str(tmp_path / "password"))
    assert done.stdout.split("\n")[:2] == ["s3 cret", "0077"]
    assert through("sh", "-c", 'echo "${PGPASSWORD-none}"').stdout == "none\n"


def test_a_password_that_cannot_be_read_starts_nothing(tmp_path):
    done = through("echo", "started", PGPASSWORD_FILE=str(tmp_path / "password"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "PGPASSWORD_FILE cannot be read" in done.stderr


def test_the_start_script_is_executable():
    assert Path(WITH_SECRETS).stat().st_mode & 0o111
