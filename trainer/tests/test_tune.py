import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import named

from tinylove_trainer.models import load_model, load_tokenizer
from tinylove_trainer.settings import TEMPLATE, TuneSettings
from tinylove_trainer.stories import Story, StoryForm, read_corpus
from tinylove_trainer.tokens import encoded
from tinylove_trainer.tune import build_trainer, fitted

QUICK = {
    "epochs": 2,
    "batch": 8,
    "evaluations": 2,
    "precision": "fp32",
    "threads": 1,
    "length": 128,
    "sample_titles": ["The Key of May"],
    "sample_tokens": 20,
}


@pytest.mark.parametrize("kind", ["neo", "neox"])
@pytest.mark.parametrize("method, rate", [("full", 3e-3), ("lora", 2e-2)])
def test_the_validation_loss_falls_and_the_samples_change(kind, method, rate, run, corpus, tmp_path, request):
    code, events = run(
        "tune",
        {
            **QUICK,
            "model": request.getfixturevalue(kind),
            "stories": corpus,
            "out": str(tmp_path / "out"),
            "method": method,
            "rate": rate,
        },
    )
    assert code == 0
    losses = [event["validation_loss"] for event in named(events, "evaluation")]
    assert losses[-1] < losses[0] - (0.5 if method == "full" else 0.2)
    assert named(events, "done")[0]["validation_loss"] == min(losses)
    greedy = [event["text"] for event in named(events, "sample") if event["decoding"] == "greedy"]
    assert greedy[0] != greedy[-1]
    start = named(events, "start")[0]
    assert (start["trainable"] < start["parameters"]) == (method == "lora")
    assert all(event["gradient_norm"] > 0 for event in named(events, "progress"))
    assert (tmp_path / "out/model" / ("adapter_config.json" if method == "lora" else "model.safetensors")).is_file()


def test_bf16_and_checkpointing_train_too(run, corpus, neox, tmp_path):
    config = {
        **QUICK,
        "model": neox,
        "stories": corpus,
        "out": str(tmp_path),
        "rate": 3e-3,
        "epochs": 1,
        "precision": "bf16",
        "checkpointing": True,
        "micro_batch": 4,
    }
    code, events = run("tune", config)
    assert code == 0
    losses = [event["validation_loss"] for event in named(events, "evaluation")]
    assert losses[-1] < losses[0] - 0.3


def test_a_run_that_was_killed_continues_with_the_same_losses(run, corpus, neo, tmp_path):
    config = {**QUICK, "model": neo, "stories": corpus, "rate": 1e-3, "sample_titles": [], "evaluations": 4}
    run("tune", {**config, "out": str(tmp_path / "whole")})
    out = tmp_path / "killed"
    kill_at(6, {**config, "out": str(out)}, tmp_path)
    # A kill during saving leaves a checkpoint without its last file.
    (out / "checkpoints/checkpoint-999").mkdir()
    code, resumed = run("tune", {**config, "out": str(out)})
    assert code == 0
    assert named(resumed, "start")[0]["resumed_from"] >= 4
    assert not (out / "checkpoints/checkpoint-999").exists()
    curve = [json.loads(line) for line in (out / "curve.jsonl").read_text().splitlines()]
    expected = [json.loads(line) for line in (tmp_path / "whole/curve.jsonl").read_text().splitlines()]
    assert [row["step"] for row in curve] == [row["step"] for row in expected]
    for row, other in zip(curve, expected, strict=True):
        assert row == pytest.approx(other, abs=1e-6)


def kill_at(step: int, config: dict, folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "tinylove_trainer", "tune", "--config", str(path)]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["step"] >= step:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    assert process.returncode == -signal.SIGKILL


def test_it_stops_early_and_keeps_the_best(run, corpus, neox, tmp_path):
    config = {
        **QUICK,
        "model": neox,
        "stories": corpus,
        "out": str(tmp_path),
        "rate": 0.03,
        "epochs": 20,
        "patience": 2,
        "sample_titles": [],
    }
    code, events = run("tune", config)
    assert code == 0
    done = named(events, "done")[0]
    assert done["stopped_early"]
    assert done["best_step"] < done["steps"]


def test_two_processes_have_the_losses_of_one(run, together, corpus, stories, neox, tmp_path):
    """13 validation stories: one process has batches of 8 and 5, two have 4, 4, 4 and 1, and one story twice."""
    odd = tmp_path / "odd.jsonl"
    odd.write_text("".join(json.dumps(story) + "\n" for story in stories[:77]))
    config = {**QUICK, "model": neox, "stories": str(odd), "rate": 1e-3, "epochs": 1, "sample_titles": []}
    _, alone = run("tune", {**config, "out": str(tmp_path / "one")})
    code, shared = together("tune", {**config, "out": str(tmp_path / "two")})
    assert code == 0, (tmp_path / "together.err").read_text()[-2000:]
    assert named(shared, "start")[0]["processes"] == 2
    for event, key in (("progress", "loss"), ("evaluation", "validation_loss")):
        assert [row[key] for row in named(shared, event)] == pytest.approx(
            [row[key] for row in named(alone, event)], abs=1e-5
        )


def test_the_validation_loss_is_that_of_all_tokens(run, corpus, stories, neox, tmp_path):
    code, events = run(
        "tune",
        {
            **QUICK,
            "model": neox,
            "stories": corpus,
            "out": str(tmp_path),
            "epochs": 0.1,
            "micro_batch": 4,
            "sample_titles": [],
        },
    )
    assert code == 0
    model, tokenizer = load_model(neox), load_tokenizer(neox)
    nats = tokens = 0
    for story in (story for story in stories if story["split"] == "validation"):
        ids, labels = encoded(tokenizer, StoryForm(TEMPLATE, []), Story(**story), 128)
        learnt = sum(label != -100 for label in labels)
        with torch.no_grad():
            nats += model(torch.tensor([ids]), labels=torch.tensor([labels])).loss.item() * learnt
        tokens += learnt
    assert named(events, "evaluation")[0]["validation_loss"] == pytest.approx(nats / tokens, abs=1e-5)


def test_the_base_of_an_adapter_is_held_in_bf16_and_the_adapter_in_f32(corpus, neox, tmp_path, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    config = {**QUICK, "model": neox, "stories": corpus, "out": str(tmp_path), "method": "lora", "precision": "bf16"}
    settings = fitted(TuneSettings.read(config))
    held = {
        (parameter.requires_grad, parameter.dtype)
        for parameter in build_trainer(read_corpus(corpus), settings, fresh=True).model.parameters()
    }
    assert held == {(True, torch.float32), (False, torch.bfloat16)}


def test_lora_trains_in_bf16(run, corpus, neox, tmp_path):
    config = {
        **QUICK,
        "model": neox,
        "stories": corpus,
        "out": str(tmp_path),
        "method": "lora",
        "rate": 2e-2,
        "epochs": 1,
        "precision": "bf16",
    }
    code, events = run("tune", config)
    assert code == 0
    losses = [event["validation_loss"] for event in named(events, "evaluation")]
    assert losses[-1] < losses[0] - 0.2


def test_a_loss_that_is_no_number_is_null_in_json(run, corpus, neox, tmp_path):
    code, events = run(
        "tune", {**QUICK, "model": neox, "stories": corpus, "out": str(tmp_path), "rate": 1e30, "clip": 1e30}
    )
    assert code == 1
    assert events[-2]["loss"] is None
    assert "not a number" in events[-1]["message"]
