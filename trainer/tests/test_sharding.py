"""Two processes, each with half of the model: FSDP2 and DeepSpeed ZeRO-3 over gloo, as over NCCL on GPUs."""

import importlib.util
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from conftest import named

from tinylove_trainer.events import UserError
from tinylove_trainer.models import load_model
from tinylove_trainer.sharding import check_shares, check_trained

QUICK = {
    "epochs": 1,
    "batch": 8,
    "evaluations": 2,
    "precision": "fp32",
    "threads": 1,
    "length": 128,
    "sample_titles": [],
    "rate": 1e-3,
}

NO_DEEPSPEED = (
    "DeepSpeed is not here (pip install './trainer[deepspeed]')"
    if importlib.util.find_spec("deepspeed") is None
    else "DeepSpeed on a CPU needs a C++ compiler"
    if shutil.which("c++") is None
    else ""
)
by_each = pytest.mark.parametrize(
    "sharded",
    [
        pytest.param(True, id="fsdp2"),
        pytest.param("zero3", marks=pytest.mark.skipif(NO_DEEPSPEED != "", reason=NO_DEEPSPEED)),
    ],
)


def without_dropout(folder: str, copy: Path) -> str:
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {name: 0.0 for name in config if "dropout" in name}))
    return str(copy)


@by_each
@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("kind", ["neo", "neox"])
def test_each_holds_half_and_learns_what_one_process_learns(
    sharded, kind, method, run, together, corpus, tmp_path, request
):
    model = without_dropout(request.getfixturevalue(kind), tmp_path / kind)
    config = {**QUICK, "model": model, "stories": corpus, "method": method, "lora_dropout": 0.0, "sharded": sharded}
    _, alone = run("tune", {**config, "out": str(tmp_path / "one"), "sharded": False})
    code, parts = together("tune", {**config, "out": str(tmp_path / "two")})
    assert code == 0, (tmp_path / "together.err").read_text()[-2000:]
    sharding, start = named(parts, "sharding")[0], named(alone, "start")[0]
    assert (sharding["parameters"], sharding["trainable"]) == (start["parameters"], start["trainable"])
    assert sharding["held"] == pytest.approx([sharding["parameters"] / 2] * 2, rel=0.01)
    assert sharding["trained"] == pytest.approx([sharding["trainable"] / 2] * 2, rel=0.01)
    for event, key in (("progress", "loss"), ("progress", "gradient_norm"), ("evaluation", "validation_loss")):
        assert [row[key] for row in named(parts, event)] == pytest.approx(
            [row[key] for row in named(alone, event)], abs=1e-5
        )
    written = "adapter_model.safetensors" if method == "lora" else "model.safetensors"
    assert (tmp_path / "two/model" / written).stat().st_size == (tmp_path / "one/model" / written).stat().st_size
    ids = torch.arange(100).unsqueeze(0)
    with torch.no_grad():
        # Not the weights: a key's bias changes nothing, so its gradient is noise, and AdamW makes a step of it.
        base, whole, gathered = (
            load_model(folder)(ids).logits
            for folder in (model, str(tmp_path / "one/model"), str(tmp_path / "two/model"))
        )
    assert gathered == pytest.approx(whole, abs=1e-4)
    assert (gathered - base).abs().max() > 0.01


@by_each
@pytest.mark.parametrize("method", ["full", "lora"])
def test_one_that_was_killed_continues_with_the_same_losses(sharded, method, together, corpus, neo, tmp_path):
    config = {
        **QUICK,
        "model": neo,
        "stories": corpus,
        "method": method,
        "evaluations": 4,
        "sharded": sharded,
    }  # with dropout: each process has its own random numbers
    together("tune", {**config, "out": str(tmp_path / "whole")})
    killed = together("tune", {**config, "out": str(tmp_path / "killed")}, wait=False)
    for line in killed.stdout:
        if line.startswith("{") and json.loads(line).get("step") == 5:
            os.killpg(killed.pid, signal.SIGKILL)
            break
    killed.wait()
    code, resumed = together("tune", {**config, "out": str(tmp_path / "killed")})
    assert code == 0, (tmp_path / "together.err").read_text()[-2000:]
    assert named(resumed, "start")[0]["resumed_from"] >= 2
    curve, expected = (
        [json.loads(line) for line in (tmp_path / name / "curve.jsonl").read_text().splitlines()]
        for name in ("killed", "whole")
    )
    assert len(curve) == len(expected)
    for row, other in zip(curve, expected, strict=True):
        assert row == pytest.approx(other, abs=1e-6)


@by_each
@pytest.mark.parametrize("method", ["full", "lora"])
def test_it_stops_early_and_keeps_the_best_in_bf16_too(sharded, method, run, together, corpus, neox, tmp_path):
    config = {
        **QUICK,
        "model": neox,
        "stories": corpus,
        "method": method,
        "rate": 0.1,
        "epochs": 20,
        "evaluations": 4,
        "precision": "bf16",
        "checkpointing": True,
        "sharded": sharded,
    }
    code, events = together("tune", {**config, "out": str(tmp_path / "out")})
    assert code == 0, (tmp_path / "together.err").read_text()[-2000:]
    sharding, done = named(events, "sharding")[0], named(events, "done")[0]
    # A frozen base keeps two bytes per parameter when it is sharded. DeepSpeed also has masters of four bytes.
    masters = 0 if sharded == "zero3" else 2 * sharding["trainable"]
    assert sum(sharding["bytes"]) == 2 * sharding["parameters"] + masters
    assert done["stopped_early"] and done["best_step"] < done["steps"]
    _, again = run(
        "tune", {**config, "model": done["model"], "out": str(tmp_path / "again"), "epochs": 0.1, "sharded": False}
    )
    assert named(again, "evaluation")[0]["validation_loss"] == pytest.approx(
        done["validation_loss"], abs=0.02
    )  # bf16 has 8 bits


@by_each
def test_checkpointing_changes_no_loss_where_there_is_dropout(sharded, together, corpus, neox, tmp_path):
    config = {
        **QUICK,
        "model": neox,
        "stories": corpus,
        "method": "lora",
        "lora_dropout": 0.2,
        "epochs": 0.5,
        "sharded": sharded,
    }
    plain, checkpointed = (
        [
            row["gradient_norm"]
            for row in named(
                together("tune", {**config, "checkpointing": on, "out": str(tmp_path / str(on))})[1], "progress"
            )
        ]
        for on in (False, True)
    )
    assert len(plain) == 4
    assert checkpointed == pytest.approx(plain, abs=1e-6)


def test_a_whole_copy_where_parts_were_asked_for_is_an_error():
    check_shares([55, 46], 101)
    with pytest.raises(
        UserError, match="Rank 1 holds 100 of 100 parameters: the model is not sharded over 2 processes"
    ):
        check_shares([50, 100], 100)


def test_parameters_that_no_optimizer_changes_or_two_do_are_an_error():
    check_trained([6, 5], 11)
    for trained in ([0, 0], [11, 11]):
        with pytest.raises(
            UserError, match=f"The optimizers of 2 processes change {sum(trained)} parameters; 11 should be trained"
        ):
            check_trained(trained, 11)
