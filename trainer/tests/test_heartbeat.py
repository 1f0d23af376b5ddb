"""Two processes as two hosts: one falls silent while its connections stay open."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import PATIENCE, free_port

from tinylove_trainer.watcher import named

FOLDER = Path(__file__).parent.parent
# Longer than any pause that a busy machine imposes on a watcher; the tests below need it to be short.
SILENCE = 6
RANK = """
import ctypes, sys, time
from tinylove_trainer.heartbeat import Heartbeat
def hold(seconds):
    "Keeps Python's lock, as some libraries do: no other thread of this process runs meanwhile."
    ctypes.PyDLL(None).sleep(seconds)
with Heartbeat(float(sys.argv[1])):
    print("here", flush=True)
    sys.stdin.readline()
    exec(sys.argv[2])
"""


class Host:
    """A rank that does `work` under the heartbeat."""

    def __init__(self, rank: int, port: int, work: str):
        self.rank = rank
        environment = {
            **os.environ,
            "RANK": str(rank),
            "WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "TINYLOVE_HOST": f"node{rank}",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", RANK, str(SILENCE), work],
            cwd=FOLDER,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def started(self) -> None:
        """Waits until it has reached the other."""
        assert self.process.stdout.readline() == "here\n"

    def go(self) -> None:
        """Lets it begin its work."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def all_get(self, number: signal.Signals) -> None:
        os.killpg(self.process.pid, number)

    def ended(self) -> tuple[int, str]:
        """Its exit code and its error message."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, json.loads(out.splitlines()[-1])["message"] if "{" in out else err.strip()


WORKS = {
    "first freezes": ("time.sleep(999)", "time.sleep(999)"),
    "other freezes": ("time.sleep(999)", "time.sleep(999)"),
    "other is stopped": ("time.sleep(999)", "time.sleep(999)"),
    "other freezes, first holds": ("hold(999)", "time.sleep(999)"),
    "other fails": ("time.sleep(999)", "raise ValueError('its own')"),
    "both hold": (f"hold({2 * SILENCE + 2})",) * 2,
    "first ends earlier": ("pass", f"time.sleep({2 * SILENCE + 2})"),
    "first ends later": (f"time.sleep({2 * SILENCE + 2})", "pass"),
    "both are suspended": ("time.sleep(4)",) * 2,
}


@pytest.fixture(scope="module")
def hosts():
    """A pair for each case, all working at once, since each waits most of the time. Those left over are killed.

    They start one pair after the other, so that the processes of a pair connect while little else is starting, and begin
    their work when all are connected.
    """
    pairs = {}
    for name, works in WORKS.items():
        port = free_port()
        pairs[name] = [Host(rank, port, work) for rank, work in enumerate(works)]
        for host in pairs[name]:
            host.started()
    ranks = [host for pair in pairs.values() for host in pair]
    for host in ranks:
        host.go()
    pairs["first freezes"][0].all_get(signal.SIGSTOP)
    pairs["other freezes"][1].all_get(signal.SIGSTOP)
    pairs["other freezes, first holds"][1].all_get(signal.SIGSTOP)
    pairs["other is stopped"][1].process.send_signal(signal.SIGSTOP)
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for host in pairs["both are suspended"]:
            host.all_get(number)
        time.sleep(2 * SILENCE)
    yield pairs
    for host in ranks:
        with contextlib.suppress(ProcessLookupError):
            host.all_get(signal.SIGKILL)


@pytest.mark.parametrize("case, frozen", [("first freezes", 0), ("other freezes", 1), ("other is stopped", 1)])
def test_one_that_is_frozen_is_named_by_the_other(hosts, case, frozen):
    code, said = hosts[case][1 - frozen].ended()
    assert code == 1
    assert (
        f"node{frozen} (rank {frozen}) has been silent for " in said
        and f"according to rank {1 - frozen} on node{1 - frozen}." in said
    )
    assert "\n" not in said


def test_a_rank_that_keeps_pythons_lock_is_ended_too(hosts):
    code, said = hosts["other freezes, first holds"][0].ended()
    assert code == -signal.SIGKILL and "node1 (rank 1) has been silent" in said


@pytest.mark.parametrize("case", ["both hold", "first ends earlier", "first ends later", "both are suspended"])
def test_one_that_is_slow_or_ends_later_or_is_suspended_with_the_other_is_not_silent(hosts, case):
    assert [host.process.wait(timeout=PATIENCE) for host in hosts[case]] == [0, 0]
    assert [host.process.stderr.read() for host in hosts[case]] == ["", ""]


def test_an_error_of_one_rank_is_reported_as_it_is(hosts):
    failing, sitting = hosts["other fails"][::-1]
    code, said = failing.ended()
    assert code == 1 and said.endswith("ValueError: its own")
    assert "node1 (rank 1) has been silent" in sitting.ended()[1]  # it would wait for ever


def test_training_that_waits_for_a_frozen_process_ends_with_its_name(together, corpus, neox, tmp_path):
    config = {
        "model": neox,
        "stories": corpus,
        "out": str(tmp_path / "out"),
        "silence": SILENCE,
        "epochs": 1000,
        "patience": 1000,
        "threads": 1,
        "length": 64,
    }
    launcher = together("tune", config, wait=False)
    for line in launcher.stdout:
        if '"progress"' in line:
            break
    ranks = {
        process.environ()["RANK"]: process
        for process in psutil.Process(launcher.pid).children()
        if "tune" in process.cmdline()
    }
    ranks["1"].suspend()
    psutil.wait_procs([ranks["0"]], timeout=PATIENCE)
    ranks["1"].kill()  # the launcher would ask it to end, and wait
    out, _ = launcher.communicate(timeout=PATIENCE)
    assert launcher.returncode == 1
    errors = [json.loads(line)["message"] for line in out.splitlines() if '"error"' in line]
    assert len(errors) == 1 and "(rank 1) has been silent" in errors[0]


def test_many_hosts_are_named_by_the_first_few():
    assert named([("node7", [4, 5], 46)]) == "node7 (ranks 4, 5) has been silent for 46 s"
    many = [(f"node{number}", [number], 45 + number) for number in range(6)]
    assert (
        named(many) == "node0 (rank 0) and node1 (rank 1) and node2 (rank 2) and 3 more hosts have been silent for 50 s"
    )
