"""A watcher: the process beside each rank that has word from the others and names a host that is silent.

It knows nothing of PyTorch. Every rank's watcher calls that of rank 0 a few times a minute, each time over a new connection
(one that stood through a fault of the network would wait for the kernel's next try, up to a minute): "rank 3 on
node7 is here". The answer holds who is silent. So rank 0's watcher misses the others, they miss rank 0's, and all know.

It beats as long as its rank's process lives and is not stopped, however slow or busy that is. Its clock runs only while it runs itself:
where a scheduler suspends a job and lets it go on, nobody was silent.
"""

import asyncio
import json
import math
import os
import signal
import socket
import time
from pathlib import Path

from .events import tell

# Seconds in which all ranks have to come: the slowest node's storage reads PyTorch in minutes.
JOINING = 600
HINT = "It froze or lost its power, or the network to it fell silent. Started again, the run goes on from its last checkpoint."


class Watcher:
    """What that of rank 0 and those of the others have in common. Times are seconds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, told: dict):
        self.reader, self.writer = reader, writer
        self.told = told
        self.parent, self.rank, self.host, self.silence = told["parent"], told["rank"], told["host"], told["silence"]
        self.beat = self.silence / 15  # many may be lost
        self.patience = self.silence / 4  # for one answer: a host under load is slow
        self.clock = 0.0  # how long this process has run
        self.heard: dict[int, float] = {}  # when, of each rank that is watched; for ever, of one that has ended well
        self.hosts: dict[int, str] = {}
        self.silent: list[list] = []  # [host, ranks, seconds] once it was named
        self.over = False  # has this rank ended well?

    async def watch(self) -> None:
        """Until the rank ends, or another has to be named."""
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
                return await self.end()
        if done.result() == b"done\n":
            self.over = True
            await self.leave()

    def missed(self) -> list[list]:
        """The hosts of which there was no word for too long."""
        found: dict[str, tuple[list[int], float]] = {}
        for rank, at in self.heard.items():
            if self.clock - at > self.silence:
                host = self.hosts.get(rank, "a node that never came")
                ranks, seconds = found.get(host, ([], 0))
                found[host] = ([*ranks, rank], max(seconds, self.clock - (at if rank in self.hosts else 0)))
        return [[host, ranks, round(seconds)] for host, (ranks, seconds) in found.items()]

    async def end(self) -> None:
        """Names the silent and ends the rank; a beat later, so that all others know why before connections close."""
        tell(f"{named(self.silent)}, says rank {self.rank} on {self.host}.", HINT)
        self.say("silent")
        await asyncio.sleep(self.beat + 1)
        self.say("end")
        await asyncio.sleep(5)
        if os.getppid() == self.parent:  # whose own thread does not get Python's lock
            os.kill(self.parent, signal.SIGKILL)

    def say(self, word: object) -> None:
        if not self.writer.is_closing():
            self.writer.write(f"{word}\n".encode())

    async def begin(self) -> None:
        raise NotImplementedError

    async def leave(self) -> None:
        raise NotImplementedError


class First(Watcher):
    """The watcher of rank 0: all others call it."""

    async def begin(self) -> None:
        self.heard = dict.fromkeys(range(1, self.told["world"]), JOINING - self.silence)
        family = socket.getaddrinfo(self.told["address"], None, type=socket.SOCK_STREAM)[0][0]
        self.server = await asyncio.start_server(self.answer, port=0, family=family, backlog=1024)
        self.say(self.server.sockets[0].getsockname()[1])

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Strangers knock at every port: what is no beat of this run gets no answer. A rank 0 that is stopped gives none either."""
        try:
            beat = json.loads(await asyncio.wait_for(reader.readline(), self.patience))
            if beat["token"] == self.told["token"] and not stopped(self.parent):
                self.note(**beat)
                writer.write(as_line({"silent": self.silent, "over": self.over}))
        except (OSError, ValueError, LookupError, TypeError, asyncio.TimeoutError):
            pass
        finally:
            writer.close()

    def note(self, rank: int, host: str, over: bool, token: str) -> None:
        """Of one that has ended a last beat may come late; and one that knows that rank 0 has ended may end when it likes."""
        self.hosts[rank] = host
        if self.heard[rank] < math.inf:
            self.heard[rank] = math.inf if over or self.over else self.clock

    async def leave(self) -> None:
        """Once all others have ended, or know that this rank has."""
        until = time.monotonic() + self.silence
        while time.monotonic() < until and any(at < math.inf for at in self.heard.values()):
            await asyncio.sleep(self.beat / 30)


class Other(Watcher):
    """The watcher of any other rank: it calls that of rank 0."""

    async def begin(self) -> None:
        self.heard = {0: 0.0}
        self.hosts = {0: self.told["first_host"]}
        self.calls = asyncio.create_task(self.call_on())

    async def call_on(self) -> None:
        while not await self.call():
            await asyncio.sleep(self.beat / 3)
        self.say("met")
        while True:
            await asyncio.sleep(self.beat)
            if not stopped(self.parent):
                await self.call()

    async def call(self) -> bool:
        """One beat; was it answered?"""
        try:
            answer = await asyncio.wait_for(self.ask({"token": self.told["token"], "rank": self.rank, "host": self.host, "over": self.over}), self.patience)
        except (OSError, ValueError, asyncio.TimeoutError):
            return False
        self.heard[0] = math.inf if answer["over"] else self.clock
        self.silent = answer["silent"]
        return True

    async def ask(self, beat: dict) -> dict:
        reader, writer = await asyncio.open_connection(self.told["address"], self.told["port"])
        try:
            writer.write(as_line(beat))
            return json.loads(await reader.readline())
        finally:
            writer.close()

    async def leave(self) -> None:
        """Once rank 0, which may go on for long, knows it; or at once, where rank 0 has ended before."""
        self.calls.cancel()
        until = time.monotonic() + self.silence
        while self.heard[0] < math.inf and time.monotonic() < until and not await self.call():
            await asyncio.sleep(self.beat / 3)


def stopped(process: int) -> bool:
    """By a signal or a debugger: as good as frozen. Only Linux tells."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
    except OSError:
        return False


def named(silent: list[list]) -> str:
    """`node7 (ranks 4, 5) has been silent for 46 s`; of many hosts the first few."""
    hosts = [f"{host} (rank{'s' * (len(ranks) > 1)} {', '.join(map(str, ranks))})" for host, ranks, _ in silent]
    more = [f"{len(hosts) - 3} hosts more"] if len(hosts) > 4 else hosts[3:]
    return f"{' and '.join([*hosts[:3], *more])} {'have' if len(hosts) > 1 else 'has'} been silent for {max(seconds for *_, seconds in silent)} s"


def as_line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


async def main() -> None:
    # What ends the rank ends its watcher after it; a signal to both must not end this one first.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=0))
    told = json.loads(await reader.readline())
    watcher = (First if told["rank"] == 0 else Other)(reader, writer, told)
    await watcher.begin()
    await watcher.watch()


if __name__ == "__main__":
    asyncio.run(main())
