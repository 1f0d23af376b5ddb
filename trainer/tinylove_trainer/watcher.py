"""A watcher: a process that runs next to each rank, hears from the other ranks' watchers, and names a host that is silent.

It does not use PyTorch. Several times a minute each watcher calls rank 0's: "rank 3 on node7 is here". The answer lists
the silent hosts. So rank 0's watcher notices when the others fall silent, they notice when rank 0 does, and all are
informed. Each call uses a new connection, because one that was open during a network failure may wait up to a minute for
the kernel's next retry.

A watcher sends its heartbeat as long as its rank's process lives and is not stopped, however slow or busy that is. Its
clock runs only while the watcher itself runs: after a scheduler has suspended a job and resumed it, nobody was silent.
"""

import asyncio
import json
import math
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

from .events import report_error

# Seconds in which all ranks must have started: on slow storage, loading PyTorch takes minutes.
JOINING = 600
Silent = tuple[str, list[int], int]  # host, its ranks, seconds
HINT = "It froze, lost power or lost its network. Start the run again: it continues from its last checkpoint."


class Watcher:
    """What the watchers of rank 0 and of the other ranks have in common. Times are in seconds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, about: dict[str, Any]):
        self.reader, self.writer = reader, writer
        self.about = about
        self.parent, self.rank, self.host, self.silence = (
            about["parent"],
            about["rank"],
            about["host"],
            about["silence"],
        )
        self.beat = self.silence / 15  # so several may be lost
        self.answer_timeout = self.silence / 4  # a busy host is slow
        self.clock = 0.0  # how long this process has been running
        # The time of the last beat of each watched rank; infinite for one that has ended normally.
        self.last_beat: dict[int, float] = {}
        self.hosts: dict[int, str] = {}
        self.silent: list[Silent] = []  # filled once a host was named
        self.over = False  # has this rank ended normally?

    async def watch(self) -> None:
        """Watches until the rank ends or a silent host has to be named."""
        done = asyncio.create_task(self.reader.readline())
        while not done.done():
            began = time.monotonic()
            await asyncio.wait([done], timeout=self.beat / 3)
            if os.getppid() != self.parent:
                return
            if not stopped(self.parent):
                self.clock += min(time.monotonic() - began, self.beat)
            self.silent = self.silent or self.missed()
            if self.silent:
                await self.end()
                return
        if done.result() == b"done\n":
            self.over = True
            await self.finish()

    def missed(self) -> list[Silent]:
        """The hosts that have been silent for too long."""
        found: dict[str, tuple[list[int], float]] = {}
        for rank, at in self.last_beat.items():
            if self.clock - at > self.silence:
                host = self.hosts.get(rank, "a node that never started")
                ranks, seconds = found.get(host, ([], 0))
                found[host] = ([*ranks, rank], max(seconds, self.clock - (at if rank in self.hosts else 0)))
        return [(host, ranks, round(seconds)) for host, (ranks, seconds) in found.items()]

    async def end(self) -> None:
        """Names the silent hosts and ends the rank, one beat later, so that all others know why before connections close."""
        report_error(f"{named(self.silent)}, according to rank {self.rank} on {self.host}.", HINT)
        self.send("silent")
        await asyncio.sleep(self.beat + 1)
        self.send("end")
        await asyncio.sleep(5)
        if os.getppid() == self.parent:  # its listening thread could not get Python's lock
            os.kill(self.parent, signal.SIGKILL)

    def send(self, word: object) -> None:
        if not self.writer.is_closing():
            self.writer.write(f"{word}\n".encode())

    async def begin(self) -> None:
        raise NotImplementedError

    async def finish(self) -> None:
        raise NotImplementedError


class FirstWatcher(Watcher):
    """The watcher of rank 0, which all others call."""

    async def begin(self) -> None:
        self.last_beat = dict.fromkeys(range(1, self.about["world"]), JOINING - self.silence)
        family = socket.getaddrinfo(self.about["address"], None, type=socket.SOCK_STREAM)[0][0]
        self.server = await asyncio.start_server(self.answer, port=0, family=family, backlog=1024)
        self.send(self.server.sockets[0].getsockname()[1])

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers a beat. Anything that is not a beat of this run gets no answer, and a stopped rank 0 gives none."""
        try:
            beat = json.loads(await asyncio.wait_for(reader.readline(), self.answer_timeout))
            if beat["token"] == self.about["token"] and not stopped(self.parent):
                self.note(**beat)
                writer.write(as_line({"silent": self.silent, "over": self.over}))
        except (OSError, ValueError, LookupError, TypeError, asyncio.TimeoutError):
            pass  # port scanners and the like
        finally:
            writer.close()

    def note(self, rank: int, host: str, over: bool, token: str) -> None:
        """Records a beat. One of a rank that has ended changes nothing; a rank that knows that rank 0 has ended may end at any time."""
        self.hosts[rank] = host
        if self.last_beat[rank] < math.inf:
            self.last_beat[rank] = math.inf if over or self.over else self.clock

    async def finish(self) -> None:
        """Waits until all others have ended or know that this rank has."""
        until = time.monotonic() + self.silence
        while time.monotonic() < until and any(at < math.inf for at in self.last_beat.values()):
            await asyncio.sleep(self.beat / 30)


class OtherWatcher(Watcher):
    """The watcher of any other rank, which calls that of rank 0."""

    async def begin(self) -> None:
        self.last_beat = {0: 0.0}
        self.hosts = {0: self.about["first_host"]}
        self.calls = asyncio.create_task(self.keep_calling())

    async def keep_calling(self) -> None:
        while not await self.call():
            await asyncio.sleep(self.beat / 3)
        self.send("met")
        while True:
            await asyncio.sleep(self.beat)
            if not stopped(self.parent):
                await self.call()

    async def call(self) -> bool:
        """Sends one beat; returns whether it was answered."""
        try:
            answer = await asyncio.wait_for(
                self.ask({"token": self.about["token"], "rank": self.rank, "host": self.host, "over": self.over}),
                self.answer_timeout,
            )
        except (OSError, ValueError, asyncio.TimeoutError):
            return False
        self.last_beat[0] = math.inf if answer["over"] else self.clock
        self.silent = answer["silent"]
        return True

    async def ask(self, beat: dict[str, Any]) -> dict[str, Any]:
        reader, writer = await asyncio.open_connection(self.about["address"], self.about["port"])
        try:
            writer.write(as_line(beat))
            answer: dict[str, Any] = json.loads(await reader.readline())
            return answer
        finally:
            writer.close()

    async def finish(self) -> None:
        """Waits until rank 0, which may run much longer, knows that this rank has ended; returns at once if rank 0 has ended."""
        self.calls.cancel()
        until = time.monotonic() + self.silence
        while self.last_beat[0] < math.inf and time.monotonic() < until and not await self.call():
            await asyncio.sleep(self.beat / 3)


def stopped(process: int) -> bool:
    """Whether a signal or a debugger has stopped the process, which is then as good as frozen. Known on Linux only."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
    except OSError:
        return False


def named(silent: list[Silent]) -> str:
    """`node7 (ranks 4, 5) has been silent for 46 s`; of many hosts only the first few."""
    hosts = [f"{host} (rank{'s' * (len(ranks) > 1)} {', '.join(map(str, ranks))})" for host, ranks, _ in silent]
    more = [f"{len(hosts) - 3} more hosts"] if len(hosts) > 4 else hosts[3:]
    return f"{' and '.join([*hosts[:3], *more])} {'have' if len(hosts) > 1 else 'has'} been silent for {max(seconds for *_, seconds in silent)} s"


def as_line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


async def main() -> None:
    # The watcher ends after its rank, so a signal to both must not end the watcher first.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=0))
    about = json.loads(await reader.readline())
    watcher = (FirstWatcher if about["rank"] == 0 else OtherWatcher)(reader, writer, about)
    await watcher.begin()
    await watcher.watch()


if __name__ == "__main__":
    asyncio.run(main())
