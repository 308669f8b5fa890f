"""A PostgreSQL server of its own for the tests: started on a free place, stopped or killed, started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg


def programs() -> Path | None:
    """The folder that holds `initdb` and `postgres`, if PostgreSQL is installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


class Server:
    """One server on a socket in a folder of its own; it refuses to be run by root, so root lends it to nobody."""

    def __init__(self, folder: Path, bin: Path) -> None:
        self.folder, self.bin, self.process = folder, bin, None
        # the path of a socket must be short
        self.sockets = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self.user = "nobody" if os.geteuid() == 0 else None
        self.role = self.user or pwd.getpwuid(os.geteuid()).pw_name
        self.folder.mkdir()
        if self.user:
            for path in (self.folder, self.sockets):
                shutil.chown(path, self.user)
            for parent in self.folder.parents:
                if parent.stat().st_uid == 0 and parent != Path("/"):
                    parent.chmod(parent.stat().st_mode | 0o011)
        self._run("initdb", "-D", str(folder), "-U", self.role, "--no-sync", "-E", "UTF8", "--locale=C", "-A", "trust")

    process: subprocess.Popen[bytes] | None

    def _run(self, name: str, *words: str) -> None:
        subprocess.run([self.bin / name, *words], check=True, capture_output=True, user=self.user, cwd="/")

    def start(self) -> None:
        """Start, and wait until it answers."""
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        words = ["-D", str(self.folder), "-k", str(self.sockets), "-c", "listen_addresses=", "-c", "fsync=on"]
        self.process = subprocess.Popen(
            [self.bin / "postgres", *words], user=self.user, cwd="/", start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(self.dsn("postgres")):
                    return
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def dsn(self, database: str) -> str:
        return f"host={self.sockets} user={self.role} dbname={database}"

    def url(self, database: str) -> str:
        """The address of a database, as `--store` takes it."""
        return f"postgresql://{self.role}@/{database}?host={self.sockets}"

    def create(self, database: str) -> str:
        """A fresh database; gives its address."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def kill(self) -> None:
        """kill -9 of the server and all its processes, as if the machine had lost its power."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """An end at once; the tests need nothing any more."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
            self.process = None
        shutil.rmtree(self.sockets, ignore_errors=True)
