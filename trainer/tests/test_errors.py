"""A problem that the user can fix is one event with a hint, and exit code 1."""

import importlib.util
import json
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from tinylove_trainer.checkpoints import check_form
from tinylove_trainer.events import UserError
from tinylove_trainer.stories import read_corpus


def the_error(outcome) -> dict:
    code, events = outcome
    assert code == 1
    assert [event["event"] for event in events] == ["error"]
    assert events[0]["hint"]
    assert "\n" not in events[0]["message"]
    return events[0]


@pytest.fixture
def config(neox, corpus, tmp_path) -> dict:
    return {"model": neox, "stories": corpus, "out": str(tmp_path / "out")}


def test_five_stories_are_too_few(run, config, stories, tmp_path):
    path = tmp_path / "five.jsonl"
    path.write_text("".join(json.dumps(story) + "\n" for story in stories[:5]))
    error = the_error(run("tune", {**config, "stories": str(path)}))
    assert "5 train stories" in error["message"]


def test_a_missing_corpus_a_missing_model_an_unknown_setting(run, config):
    assert "nowhere.jsonl" in the_error(run("tune", {**config, "stories": "nowhere.jsonl"}))["message"]
    assert "/no/model" in the_error(run("tune", {**config, "model": "/no/model"}))["message"]
    assert "learning_rat" in the_error(run("tune", {**config, "learning_rat": 1}))["message"]
    assert "'half'" in the_error(run("tune", {**config, "precision": "half"}))["message"]
    assert "rate is -1" in the_error(run("tune", {**config, "rate": -1}))["message"]
    assert "rate is 'high'" in the_error(run("tune", {**config, "rate": "high"}))["message"]
    assert "epochs is None" in the_error(run("tune", {**config, "epochs": None}))["message"]
    assert "batch is True" in the_error(run("tune", {**config, "batch": True}))["message"]
    assert "sample_titles[1] is 2" in the_error(run("tune", {**config, "sample_titles": ["Rain", 2]}))["message"]
    assert "out" in the_error(run("tune", {key: value for key, value in config.items() if key != "out"}))["message"]


def test_a_template_without_a_story(run, config):
    assert "[[story]]" in the_error(run("tune", {**config, "template": "Title: [[title]]"}))["message"]


@pytest.mark.parametrize("kind, named", [("made-up", "made-up"), ("vit", "vit")])
def test_an_unknown_architecture(kind, named, run, config, neox, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(neox, folder)
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    error = the_error(run("tune", {**config, "model": str(folder)}))
    assert "Unknown architecture" in error["message"] and named in error["message"]


def test_no_room_on_the_disk(run, config, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 1000, 1000))
    assert "GB free" in the_error(run("tune", config))["message"]


def test_a_broken_line_of_the_corpus(run, config, corpus, tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_text(Path(corpus).read_text() + '{"id": "x"}\n')
    assert "broken.jsonl:97" in the_error(run("tune", {**config, "stories": str(path)}))["message"]


def test_a_line_ends_at_a_line_feed_alone(tmp_path):
    path = tmp_path / "stories.jsonl"
    path.write_text(
        '{"id": "1", "title": "Two lines", "text": "One.\u2028Two.\x85Three.", "split": "train"}\n\n', encoding="utf-8"
    )
    assert [story.text for story in read_corpus(str(path))] == ["One.\u2028Two.\x85Three."]


def test_gpt_neo_cannot_be_exported_to_gguf(run, neo, tmp_path):
    error = the_error(run("export", {"model": neo, "out": str(tmp_path), "forms": ["gguf"]}))
    assert "gpt_neo" in error["message"]


def test_preflight_without_a_launcher(run, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert "WORLD_SIZE" in the_error(run("preflight", {"nodes": 2, "processes": 2}))["message"]


@pytest.mark.skipif(importlib.util.find_spec("deepspeed") is not None, reason="DeepSpeed is here")
def test_zero3_without_deepspeed(run, config, monkeypatch):
    assert "no DeepSpeed here" in the_error(run("tune", {**config, "sharded": "zero3"}))["message"]
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert (
        "no DeepSpeed here" in the_error(run("preflight", {"nodes": 1, "processes": 2, "sharded": "zero3"}))["message"]
    )


@pytest.mark.parametrize(
    "files, written, hint",
    [
        (["model.safetensors"], "whole", "false"),
        (["pytorch_model_fsdp_0/0.distcp"], "sharded by FSDP2", "true"),
        (["global_step4/zero_pp_rank_0_mp_rank_00_model_states.pt"], "sharded by ZeRO-3", '"zero3"'),
    ],
)
def test_a_checkpoint_is_read_as_it_was_written(files, written, hint, tmp_path):
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    own = {"whole": False, "sharded by FSDP2": True, "sharded by ZeRO-3": "zero3"}[written]
    check_form(tmp_path, own, 1)
    for other in {False, True, "zero3"} - {own}:
        with pytest.raises(UserError, match=f"was written {written}; this run reads it") as caught:
            check_form(tmp_path, other, 1)
        assert f"Set sharded to {hint}, as it was" in caught.value.hint


def test_the_parts_of_zero3_are_read_by_as_many_processes(tmp_path):
    (tmp_path / "global_step4").mkdir()
    for rank in range(2):
        (tmp_path / f"global_step4/bf16_zero_pp_rank_{rank}_mp_rank_00_model_states.pt").touch()
    check_form(tmp_path, "zero3", 2)
    with pytest.raises(UserError, match="was written by 2 processes; 4 cannot read it"):
        check_form(tmp_path, "zero3", 4)


def test_one_process_has_nobody_to_share_a_model_with(run, config):
    assert "there is one process" in the_error(run("tune", {**config, "sharded": True}))["message"]
