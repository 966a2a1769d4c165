"""A library in a file, scripted edits, and a PostgreSQL server of our own."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from echoview.store import Library, open_library
from echoview.store.engines import sqlite_url

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
EDITING = HERE / "editing.py"


@pytest.fixture(scope="session")
def editing() -> SimpleNamespace:
    """What is in editing.py."""
    return SimpleNamespace(**runpy.run_path(str(EDITING)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.sqlite"


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    library = open_library(sqlite_url(path))
    yield library
    library.close()


@pytest.fixture(scope="session")
def run_editing():
    """Starts editing.py as a program; a Popen with pipes."""

    def run(*arguments: object, **options) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'model'}"}
        return subprocess.Popen(
            [sys.executable, str(EDITING), *map(str, arguments)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    return run


class Server:
    """A PostgreSQL server in a folder of its own, reached through a socket in that folder."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="echoview-pg-", dir="/tmp"))  # a socket's path must be short
        self.user = None
        if os.geteuid() == 0:  # it refuses to be root
            import pwd

            names = {entry.pw_name for entry in pwd.getpwall()}
            self.user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.folder, self.user)
        self._run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "echo", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c max_connections=20 -c fsync=off"
        data, log = self.folder / "data", self.folder / "log"
        self._run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")

    def stop(self, how: str) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-m", how, "-w", "stop")

    def url(self, database: str) -> str:
        """The URL of a new, empty database."""
        self._run("psql", "-h", self.folder, "-U", "echo", "-d", "postgres", "-c", f'CREATE DATABASE "{database}"')
        return f"postgresql://echo@/{database}?host={self.folder}"

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: object) -> None:
        """Output goes to a file: the server would keep a pipe open."""
        found = self.programs / program
        command = [str(found) if found.exists() else program, *map(str, arguments)]
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(command, stdout=said, stderr=said, user=self.user, cwd="/", timeout=60)
            said.seek(0)
            assert done.returncode == 0, said.read().decode()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
    if found is None or os.name == "nt":
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    server = Server(Path(found).resolve().parent)
    yield server
    server.remove()


@pytest.fixture
def server_url(server: Server, request: pytest.FixtureRequest) -> str:
    return server.url(f"t{abs(hash(request.node.nodeid))}")
