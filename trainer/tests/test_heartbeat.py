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


@pytest.fixture
def hosts():
    """Two of them, that do these works; what is left of them is ended."""
    started = []

    def go(*works: str) -> list[Host]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        pair = [Host(rank, port, work) for rank, work in enumerate(works)]
        started.extend(pair)
        return pair

    yield go
    for host in started:
        try:
            host.all_get(signal.SIGKILL)
        except ProcessLookupError:
            pass


def test_a_host_that_freezes_is_named_by_the_other_whichever_it_is(hosts):
    for frozen in (0, 1):
        pair = hosts("time.sleep(60)", "time.sleep(60)")
        for host in pair:
            host.begun()
        pair[frozen].all_get(signal.SIGSTOP)
        code, said = pair[1 - frozen].ended()
        assert code == 1
        assert f"node{frozen} (rank {frozen}) has been silent for " in said and f"says rank {1 - frozen} on node{1 - frozen}." in said
        assert "\n" not in said


def test_a_process_that_is_stopped_is_silent_though_its_watcher_is_not(hosts):
    pair = hosts("time.sleep(60)", "time.sleep(60)")
    for host in pair:
        host.begun()
    pair[1].process.send_signal(signal.SIGSTOP)
    code, said = pair[0].ended()
    assert code == 1 and "node1 (rank 1) has been silent" in said


def test_one_that_does_not_answer_to_python_is_ended_too(hosts):
    pair = hosts("hold(60)", "time.sleep(60)")
    for host in pair:
        host.begun()
    pair[1].all_get(signal.SIGSTOP)
    code, said = pair[0].ended()
    assert code == -signal.SIGKILL and "node1 (rank 1) has been silent" in said


def test_one_that_is_slow_or_ends_later_or_is_suspended_with_the_other_is_not_silent(hosts):
    slow, first_earlier, first_later, suspended = (
        hosts("hold(8)", "hold(8)"),
        hosts("pass", "time.sleep(8)"),
        hosts("time.sleep(8)", "pass"),
        hosts("time.sleep(4)", "time.sleep(4)"),
    )
    for host in suspended:
        host.begun()
    for host in suspended:
        host.all_get(signal.SIGSTOP)
    time.sleep(2 * SILENCE)
    for host in suspended:
        host.all_get(signal.SIGCONT)
    for pair in (slow, first_earlier, first_later, suspended):
        assert [host.process.wait(timeout=60) for host in pair] == [0, 0]
        assert [host.process.stderr.read() for host in pair] == ["", ""]


def test_an_error_of_one_is_told_as_it_is(hosts):
    pair = hosts("time.sleep(60)", "raise ValueError('its own')")
    code, said = pair[1].ended()
    assert code == 1 and said.endswith("ValueError: its own")
    assert "node1 (rank 1) has been silent" in pair[0].ended()[1]  # as it is: it sits, and would sit for ever


@pytest.mark.parametrize("frozen", [0, 1])
def test_training_that_waits_for_a_frozen_process_ends_with_its_name(frozen, together, corpus, neox, tmp_path):
    config = {"model": neox, "stories": corpus, "out": str(tmp_path / "out"), "silence": SILENCE, "epochs": 1000, "patience": 1000, "threads": 1, "length": 64}
    launcher = together("tune", config, wait=False)
    for line in launcher.stdout:
        if '"progress"' in line:
            break
    ranks = {process.environ()["RANK"]: process for process in psutil.Process(launcher.pid).children() if "tune" in process.cmdline() and "RANK" in process.environ()}
    ranks[str(frozen)].suspend()
    psutil.wait_procs([ranks[str(1 - frozen)]], timeout=60)
    ranks[str(frozen)].kill()  # the launcher would ask it to end, and wait
    out, _ = launcher.communicate(timeout=60)
    said = (out if frozen == 1 else (tmp_path / "together.err").read_text()).splitlines()
    assert launcher.returncode == 1
    assert len([line for line in said if f"(rank {frozen}) has been silent" in line]) == 1
    assert not any("lost the others" in line for line in said)


def test_many_hosts_are_named_by_the_first_few():
    assert named([["node7", [4, 5], 46]]) == "node7 (ranks 4, 5) has been silent for 46 s"
    many = [[f"node{number}", [number], 45 + number] for number in range(6)]
    assert named(many) == "node0 (rank 0) and node1 (rank 1) and node2 (rank 2) and 3 hosts more have been silent for 50 s"
