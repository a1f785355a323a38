"""PostgreSQL for tests: the one that `MAINSPRING_TEST_POSTGRES` names, or a private one on a free port.

Each test gets a database of its own. Fixtures: `postgres_url`, and `postgres_server` where a test stops it.
"""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

_VARIABLE = "MAINSPRING_TEST_POSTGRES"
_USER = "postgres"
_START_TIMEOUT_S = 60.0
_NONE = (
    "no PostgreSQL server is installed here: `apt-get install postgresql`, or set "
    f"{_VARIABLE}=postgresql://user:password@host/database to one whose user may make databases"
)
_numbers = itertools.count()


class PostgresServer:
    """A server of one's own, with its data in a temporary folder.

    Args:
        programs: Where `initdb` and `postgres` are.
        home: A folder for its data.
    """

    def __init__(self, programs: Path, home: Path) -> None:
        self._programs = programs
        self._data = home / "data"
        self._log = home / "log"
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _USER if os.geteuid() == 0 else None
        if self._user is not None:  # a server refuses to run as root
            shutil.chown(home, self._user, self._user)
        self._call("initdb", "-D", self._data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C")

    @property
    def url(self) -> str:
        """Where it is."""
        return f"postgresql://{_USER}:never-shown@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {
            "port": self._port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "authentication_timeout": "5s",  # who is just connecting keeps it from stopping for as long
        }
        words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *words],
                user=self._user,
                group=self._user,
                cwd=self._data,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def stop(self) -> None:
        """Stop it, as a machine that loses its power would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def _wait(self) -> None:
        import psycopg

        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"the PostgreSQL server did not start:\n{self._log.read_text()}")
                time.sleep(0.02)
            else:
                return

    def _call(self, program: str, *words: str | Path) -> None:
        done = subprocess.run(
            [self._programs / program, *words],
            user=self._user,
            group=self._user,
            cwd=self._data.parent,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{program} failed:\n{done.stderr.decode()}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give a private server; a test that stops it starts it again."""
    home = Path(tempfile.mkdtemp(prefix="mainspring-postgres-"))
    try:
        server = PostgresServer(_programs(), home)
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the address of an empty database."""
    given = os.environ.get(_VARIABLE)
    server: PostgresServer | None = None if given else request.getfixturevalue("postgres_server")
    with fresh_database(given or (server.url if server else "")) as url:
        yield url


@contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """Make an empty database on a server, and drop it in the end."""
    import psycopg

    name = f"mainspring_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _programs() -> Path:
    """Find the newest server that is installed here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found or on_path:
        return found[-1].parent if found else Path(str(on_path)).parent
    if os.environ.get("CI"):
        pytest.fail(_NONE)
    pytest.skip(_NONE)


def _free_port() -> int:
    """Find a port that nobody's outgoing connection gets while the server is stopped."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as server:
            try:
                server.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no port is free for a PostgreSQL server")
