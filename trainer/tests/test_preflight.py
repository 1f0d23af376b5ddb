import json
import os
import subprocess
import sys
from pathlib import Path

from conftest import PATIENCE, free_port

FOLDER = Path(__file__).parent.parent


def launched(config: dict, tmp_path: Path, processes: int = 2) -> tuple[int, list[dict]]:
    path = tmp_path / "preflight.json"
    path.write_text(json.dumps(config))
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node",
        str(processes),
        "-m",
        "tinylove_trainer",
        "preflight",
        "--config",
        str(path),
    ]
    result = subprocess.run(
        command,
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def test_two_processes_meet_add_up_and_share_a_model(tmp_path):
    code, events = launched(
        {"nodes": 1, "processes": 2, "sharded": True, "parameters": 10_000, "timeout": PATIENCE}, tmp_path
    )
    assert code == 0, events
    assert events[0]["world"] == 2 and events[0]["backend"] == "gloo"
    assert events[0]["parameters_held"] == 5_000


def test_fewer_hosts_than_planned_is_an_error(tmp_path):
    code, events = launched({"nodes": 2, "processes": 2, "timeout": PATIENCE}, tmp_path)
    assert code != 0
    assert "1 hosts" in events[-1]["message"] and "2 nodes were planned" in events[-1]["message"]


def ranked(rank: int, world: int, config: dict, tmp_path: Path) -> list[dict]:
    path = tmp_path / "preflight.json"
    path.write_text(json.dumps(config))
    environment = {
        **os.environ,
        "RANK": str(rank),
        "WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "OMP_NUM_THREADS": "1",
    }
    result = subprocess.run(
        [sys.executable, "-m", "tinylove_trainer", "preflight", "--config", str(path)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment,
    )
    assert result.returncode == 1, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_world_of_one_is_an_error(tmp_path):
    assert "1 processes; 2 were planned" in ranked(0, 1, {"nodes": 2, "processes": 2}, tmp_path)[-1]["message"]


def test_a_node_that_never_starts_is_reported_in_time(tmp_path):
    error = ranked(0, 2, {"nodes": 2, "processes": 2, "timeout": 3}, tmp_path)[-1]
    assert error["event"] == "error" and "did not reach" in error["message"]
