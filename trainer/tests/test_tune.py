import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import named

QUICK = {"epochs": 2, "batch": 8, "evaluations": 2, "precision": "fp32", "threads": 1, "length": 128, "sample_titles": ["The Key of May"], "sample_tokens": 20}


@pytest.mark.parametrize("kind", ["neo", "neox"])
@pytest.mark.parametrize("method, rate", [("full", 3e-3), ("lora", 2e-2)])
def test_the_validation_loss_falls_and_the_samples_change(kind, method, rate, run, corpus, tmp_path, request):
    code, events = run("tune", {**QUICK, "model": request.getfixturevalue(kind), "stories": corpus, "out": str(tmp_path / "out"), "method": method, "rate": rate})
    assert code == 0
    losses = [event["validation_loss"] for event in named(events, "evaluation")]
    assert losses[-1] < losses[0] - (0.5 if method == "full" else 0.2)
    assert named(events, "done")[0]["validation_loss"] == min(losses)
    greedy = [event["text"] for event in named(events, "sample") if event["way"] == "greedy"]
    assert greedy[0] != greedy[-1]
    start = named(events, "start")[0]
    assert (start["trainable"] < start["parameters"]) == (method == "lora")
    assert all(event["gradient_norm"] > 0 for event in named(events, "progress"))
    assert (tmp_path / "out/model" / ("adapter_config.json" if method == "lora" else "model.safetensors")).is_file()


def test_bf16_and_checkpointing_train_too(run, corpus, neox, tmp_path):
    config = {**QUICK, "model": neox, "stories": corpus, "out": str(tmp_path), "rate": 3e-3, "epochs": 1, "precision": "bf16", "checkpointing": True, "micro_batch": 4}
    code, events = run("tune", config)
    assert code == 0
    losses = [event["validation_loss"] for event in named(events, "evaluation")]
    assert losses[-1] < losses[0] - 0.3


def test_a_run_that_was_killed_goes_on_with_the_same_losses(run, corpus, neo, tmp_path):
    config = {**QUICK, "model": neo, "stories": corpus, "rate": 1e-3, "sample_titles": [], "evaluations": 4}
    _, whole = run("tune", {**config, "out": str(tmp_path / "whole")})
    out = tmp_path / "killed"
    kill_at(6, {**config, "out": str(out)}, tmp_path)
    # What a kill in the midst of saving leaves: a checkpoint without its last file.
    (out / "checkpoints/checkpoint-999").mkdir()
    code, resumed = run("tune", {**config, "out": str(out)})
    assert code == 0
    assert named(resumed, "start")[0]["resumed_from"] >= 4
    assert not (out / "checkpoints/checkpoint-999").exists()
    curve = [json.loads(line) for line in (out / "curve.jsonl").read_text().splitlines()]
    expected = [json.loads(line) for line in (tmp_path / "whole/curve.jsonl").read_text().splitlines()]
    assert [row["step"] for row in curve] == [row["step"] for row in expected]
    for row, other in zip(curve, expected):
        assert row == pytest.approx(other, abs=1e-6)


def kill_at(step: int, config: dict, folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "tinylove_trainer", "tune", "--config", str(path)]
    process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["step"] >= step:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    assert process.returncode == -signal.SIGKILL


def test_it_stops_early_and_keeps_the_best(run, corpus, neox, tmp_path):
    config = {**QUICK, "model": neox, "stories": corpus, "out": str(tmp_path), "rate": 0.03, "epochs": 20, "patience": 2, "sample_titles": []}
    code, events = run("tune", config)
    assert code == 0
    done = named(events, "done")[0]
    assert done["stopped_early"]
    assert done["best_step"] < done["steps"]


def test_two_processes_have_the_losses_of_one(run, corpus, neox, tmp_path):
    config = {**QUICK, "model": neox, "stories": corpus, "rate": 1e-3, "epochs": 1, "sample_titles": []}
    _, alone = run("tune", {**config, "out": str(tmp_path / "one")})
    path = tmp_path / "two.json"
    path.write_text(json.dumps({**config, "out": str(tmp_path / "two")}))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "tinylove_trainer", "tune", "--config", str(path)]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, env=environment, timeout=240)
    assert result.returncode == 0, result.stderr[-2000:]
    together = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert named(together, "start")[0]["processes"] == 2
    for one, two in zip(named(alone, "progress"), named(together, "progress"), strict=True):
        assert two["loss"] == pytest.approx(one["loss"], abs=1e-3)
