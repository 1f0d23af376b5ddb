"""The heartbeat of a run of several processes: a host that falls silent is named within a minute.

A host that loses its power, freezes, or whose cable is pulled closes no connection. NCCL and gloo wait for it until
their own limit has passed, half an hour, which is that long for good reason: the others wait as patiently for one that
writes a large checkpoint. So each process has a watcher of its own beside it (`watcher.py`), and the watchers have word
from one another as long as their hosts live, whatever their processes are at. They need nothing of NCCL, gloo or
DeepSpeed. A process, not a thread, for a library that holds Python's lock would keep a thread from beating; sockets of
its own, not PyTorch's store, whose calls block while the host of the store is silent.
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
from pathlib import Path

import torch.distributed as dist

from .events import UserError
from .watcher import JOINING

KEY = "tinylove/heartbeat"


class Heartbeat:
    """While it is entered, the processes of a run are watched; one that is alone is not.

    Where a host is silent for `silence` seconds, every rank that goes on names it in one line (rank 0 as an `error`
    event) and ends with exit code 1. Enter it before the process group is opened: that may wait for ever as well.
    Throws UserError where the others do not come at all.
    """

    def __init__(self, silence: float):
        self.silence = silence
        self.named = False  # has the watcher named a silent host?
        self.watcher: subprocess.Popen | None = None

    def __enter__(self) -> None:
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return
        self.store, ranks = meet()  # kept, for in some launches rank 0 is the store's host
        first = told_by_first(self.store) if ranks["rank"] else {"address": os.environ["MASTER_ADDR"], "first_host": host(), "token": secrets.token_hex()}
        self.watcher, self.channel = start_watcher({**ranks, **first, "host": host(), "silence": self.silence})
        self.lines = self.channel.makefile("r")
        said = self.lines.readline().strip()
        if not ranks["rank"]:
            self.store.set(KEY, json.dumps({**first, "port": int(said)}))
        elif said != "met":
            os._exit(1)  # rank 0's was not to be reached, as the watcher has told
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Until the watcher closes. The main thread may sit in a collective that never ends: so the process is ended here."""
        for line in self.lines:
            if line == "silent\n":
                self.named = True
            elif line == "end\n":
                os._exit(1)

    def __exit__(self, kind, problem, trace) -> None:
        if not self.watcher:
            return
        if kind is None:
            with contextlib.suppress(OSError):
                self.channel.sendall(b"done\n")
            self.watcher.wait()  # until the others know that this rank has not fallen silent
        elif self.named:
            os._exit(1)  # the problem is that others end as well, and for what reason was told
        else:
            self.channel.shutdown(socket.SHUT_WR)


def host() -> str:
    return os.environ.get("TINYLOVE_HOST", socket.gethostname())


def meet() -> tuple[dist.Store, dict]:
    """PyTorch's store, through which the watchers learn of the first one; rank and number of processes."""
    with told_in_a_line():
        store, rank, world = next(dist.rendezvous("env://", timeout=datetime.timedelta(seconds=JOINING)))
        return store, {"rank": rank, "world": world}


def told_by_first(store: dist.Store) -> dict:
    """Where rank 0's watcher is, on which host, and the word by which watchers of one run know one another."""
    with told_in_a_line():
        return json.loads(store.get(KEY))


@contextlib.contextmanager
def told_in_a_line():
    try:
        yield
    except (RuntimeError, ValueError) as problem:
        rank, address, port = (os.environ.get(name, "unset") for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"))
        raise UserError(
            f"Rank {rank} on {host()} did not meet the others at {address}:{port}: {str(problem).splitlines()[0][:160]}",
            "A node that did not start or ended at once, a firewall between the nodes, or a launcher that sets no RANK and MASTER_ADDR?",
        ) from None


def start_watcher(told: dict) -> tuple[subprocess.Popen, socket.socket]:
    """A watcher that was told what it has to know, and the line to it."""
    ours, theirs = socket.socketpair()
    with theirs:
        watcher = subprocess.Popen([sys.executable, "-m", f"{__package__}.watcher"], stdin=theirs, cwd=Path(__file__).parent.parent)
    ours.sendall(json.dumps({"parent": os.getpid(), **told}).encode() + b"\n")
    return watcher, ours
