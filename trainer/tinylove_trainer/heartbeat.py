"""The heartbeat of a run of several processes: a host that falls silent is named within a minute.

A host that loses power, freezes or loses its cable closes no connection. NCCL and gloo wait for it until their own
limit of half an hour, which is long for a good reason: one process may be writing a large checkpoint. So each process
has a watcher (`watcher.py`), and the watchers hear from each other as long as their hosts live, whatever the processes
are doing. They are independent of NCCL, gloo and DeepSpeed. A watcher is a process, because a library that holds
Python's lock would stop a thread; and it has sockets of its own, because calls to PyTorch's store block while the host
of the store is silent.
"""

import contextlib
import datetime
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from .events import UserError
from .watcher import JOINING

KEY = "tinylove/heartbeat"


class Heartbeat:
    """Watches the processes of a run inside a `with` block; does nothing for a single process.

    If a host is silent for `silence` seconds, every other rank names it in one line (rank 0 as an `error` event) and
    ends with exit code 1. Enter the block before the process group is opened, since that may also wait forever.
    Raises UserError if the other processes do not start at all.
    """

    def __init__(self, silence: float):
        self.silence = silence
        self.named = False  # has the watcher named a silent host?
        self.watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> None:
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return
        self.store, ranks = meet()  # kept open: in some launches rank 0 hosts the store
        first = (
            first_watcher(self.store)
            if ranks["rank"]
            else {"address": os.environ["MASTER_ADDR"], "first_host": host(), "token": secrets.token_hex()}
        )
        self.watcher, self.channel = start_watcher({**ranks, **first, "host": host(), "silence": self.silence})
        self.lines = self.channel.makefile("r")
        said = self.lines.readline().strip()
        if not ranks["rank"]:
            self.store.set(KEY, json.dumps({**first, "port": int(said)}))
        elif said != "met":
            os._exit(1)  # rank 0's watcher could not be reached, which this one has reported
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Listens until the watcher closes. The main thread may hang in a collective, so the process is ended here."""
        for line in self.lines:
            if line == "silent\n":
                self.named = True
            elif line == "end\n":
                os._exit(1)

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.watcher:
            return
        if kind is None:
            with contextlib.suppress(OSError):
                self.channel.sendall(b"done\n")
            self.watcher.wait()  # until the others know that this rank has ended normally
        elif self.named:
            os._exit(1)  # this error only follows from the others' end, whose reason was reported
        else:
            self.channel.shutdown(socket.SHUT_WR)


def host() -> str:
    return os.environ.get("TINYLOVE_HOST", socket.gethostname())


def meet() -> tuple[Store, dict[str, int]]:
    """PyTorch's store, through which the watchers find rank 0's; rank and number of processes."""
    with errors_in_one_line():
        store, rank, world = next(rendezvous("env://", timeout=datetime.timedelta(seconds=JOINING)))
        return store, {"rank": rank, "world": world}


def first_watcher(store: Store) -> dict[str, Any]:
    """The address and host of rank 0's watcher, and the token by which the watchers of one run recognise each other."""
    with errors_in_one_line():
        found: dict[str, Any] = json.loads(store.get(KEY))
        return found


@contextlib.contextmanager
def errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as problem:
        rank, address, port = (os.environ.get(name, "unset") for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"))
        raise UserError(
            f"Rank {rank} on {host()} did not reach the other ranks at {address}:{port}: {str(problem).splitlines()[0][:160]}",
            "Did a node not start or end at once? Is a firewall between the nodes? Does the launcher set RANK and MASTER_ADDR?",
        ) from None


def start_watcher(about: dict[str, Any]) -> tuple["subprocess.Popen[bytes]", socket.socket]:
    """Starts a watcher and sends it what it needs to know; returns it with the connection to it."""
    ours, theirs = socket.socketpair()
    with theirs:
        watcher = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.watcher"], stdin=theirs.fileno(), cwd=Path(__file__).parent.parent
        )
    ours.sendall(json.dumps({"parent": os.getpid(), **about}).encode() + b"\n")
    return watcher, ours
