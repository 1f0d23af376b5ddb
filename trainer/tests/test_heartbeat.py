"""Two processes as two hosts: one falls silent, and its connections stay as they are."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tinylove_trainer.watcher import named

FOLDER = Path(__file__).parent.parent
SILENCE = 3.0
RANK = """
import ctypes, sys, time
from tinylove_trainer.heartbeat import Heartbeat
def hold(seconds):
    "As a library does that keeps Python's lock: no other thread of this process runs meanwhile."
    ctypes.PyDLL(None).sleep(seconds)
with Heartbeat(float(sys.argv[1])):
    print("here", flush=True)
    exec(sys.argv[2])
"""


class Host:
    """A rank that does `work` under the heartbeat."""

    def __init__(self, rank: int, port: int, work: str):
        self.rank = rank
        environment = {**os.environ, "RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TINYLOVE_HOST": f"node{rank}"}
        self.process = subprocess.Popen([sys.executable, "-c", RANK, str(SILENCE), work], cwd=FOLDER, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def begun(self) -> None:
        assert self.process.stdout.readline() == "here\n"

    def all_get(self, number: signal.Signals) -> None:
        os.killpg(self.process.pid, number)

    def ended(self) -> tuple[int, str]:
        """Its exit code, and what it said of an error."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, json.loads(out.splitlines()[-1])["message"] if "{" in out else err.strip()


WORKS = {
    "first freezes": ("time.sleep(99)", "time.sleep(99)"),
    "other freezes": ("time.sleep(99)", "time.sleep(99)"),
    "other is stopped": ("time.sleep(99)", "time.sleep(99)"),
    "other freezes, first holds": ("hold(99)", "time.sleep(99)"),
    "other fails": ("time.sleep(99)", "raise ValueError('its own')"),
    "both hold": ("hold(8)", "hold(8)"),
    "first ends earlier": ("pass", "time.sleep(8)"),
    "first ends later": ("time.sleep(8)", "pass"),
    "both are suspended": ("time.sleep(4)", "time.sleep(4)"),
}


@pytest.fixture(scope="module")
def hosts():
    """Pairs of them that do these works, all at once, for each waits most of the time; what is left of them is ended."""
    pairs = {}
    for name, works in WORKS.items():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        pairs[name] = [Host(rank, port, work) for rank, work in enumerate(works)]
    for pair in pairs.values():
        for host in pair:
            host.begun()
    pairs["first freezes"][0].all_get(signal.SIGSTOP)
    pairs["other freezes"][1].all_get(signal.SIGSTOP)
    pairs["other freezes, first holds"][1].all_get(signal.SIGSTOP)
    pairs["other is stopped"][1].process.send_signal(signal.SIGSTOP)
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for host in pairs["both are suspended"]:
            host.all_get(number)
        time.sleep(2 * SILENCE)
    yield pairs
    for host in sum(pairs.values(), []):
        try:
            host.all_get(signal.SIGKILL)
        except ProcessLookupError:
            pass


@pytest.mark.parametrize("case, frozen", [("first freezes", 0), ("other freezes", 1), ("other is stopped", 1)])
def test_one_that_is_frozen_is_named_by_the_other(hosts, case, frozen):
    code, said = hosts[case][1 - frozen].ended()
    assert code == 1
    assert f"node{frozen} (rank {frozen}) has been silent for " in said and f"says rank {1 - frozen} on node{1 - frozen}." in said
    assert "\n" not in said


def test_one_that_does_not_answer_to_python_is_ended_too(hosts):
    code, said = hosts["other freezes, first holds"][0].ended()
    assert code == -signal.SIGKILL and "node1 (rank 1) has been silent" in said


@pytest.mark.parametrize("case", ["both hold", "first ends earlier", "first ends later", "both are suspended"])
def test_one_that_is_slow_or_ends_later_or_is_suspended_with_the_other_is_not_silent(hosts, case):
    assert [host.process.wait(timeout=60) for host in hosts[case]] == [0, 0]
    assert [host.process.stderr.read() for host in hosts[case]] == ["", ""]


def test_an_error_of_one_is_told_as_it_is(hosts):
    failing, sitting = hosts["other fails"][::-1]
    code, said = failing.ended()
    assert code == 1 and said.endswith("ValueError: its own")
    assert "node1 (rank 1) has been silent" in sitting.ended()[1]  # it would sit for ever


def test_training_that_waits_for_a_frozen_process_ends_with_its_name(together, corpus, neox, tmp_path):
    config = {"model": neox, "stories": corpus, "out": str(tmp_path / "out"), "silence": SILENCE, "epochs": 1000, "patience": 1000, "threads": 1, "length": 64}
    launcher = together("tune", config, wait=False)
    for line in launcher.stdout:
        if '"progress"' in line:
            break
    ranks = {process.environ()["RANK"]: process for process in psutil.Process(launcher.pid).children() if "tune" in process.cmdline()}
    ranks["1"].suspend()
    psutil.wait_procs([ranks["0"]], timeout=60)
    ranks["1"].kill()  # the launcher would ask it to end, and wait
    out, _ = launcher.communicate(timeout=60)
    assert launcher.returncode == 1
    errors = [json.loads(line)["message"] for line in out.splitlines() if '"error"' in line]
    assert len(errors) == 1 and "(rank 1) has been silent" in errors[0]


def test_many_hosts_are_named_by_the_first_few():
    assert named([["node7", [4, 5], 46]]) == "node7 (ranks 4, 5) has been silent for 46 s"
    many = [[f"node{number}", [number], 45 + number] for number in range(6)]
    assert named(many) == "node0 (rank 0) and node1 (rank 1) and node2 (rank 2) and 3 hosts more have been silent for 50 s"
