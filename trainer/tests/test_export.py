import json
import shutil
from pathlib import Path

import pytest
import torch
from conftest import named

from tinylove_trainer.checking import CHECKER
from tinylove_trainer.models import load_model, record_base

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (CHECKER.parent.parent / "node_modules/node-llama-cpp").is_dir(),
    reason="Node or node-llama-cpp is not there",
)
PROMPTS = ["Title: The Key of May\nStory:", "My mother found", "I", "“Zoë” 💋", "It rained that night. We"]


@pytest.fixture(scope="module")
def adapter(neox, corpus, tmp_path_factory) -> str:
    from tinylove_trainer.tune import tune

    out = tmp_path_factory.mktemp("lora")
    tune(
        {
            "model": neox,
            "stories": corpus,
            "out": str(out),
            "method": "lora",
            "rate": 2e-2,
            "epochs": 1,
            "precision": "fp32",
            "threads": 1,
            "length": 128,
        }
    )
    return str(out / "model")


def test_an_adapter_finds_its_base_where_both_were_moved_and_refuses_another(run, neox, adapter, tmp_path):
    """The adapter records an absolute path, which means nothing on another machine."""
    base, moved = tmp_path / "study/bases/neox", tmp_path / "study/tuned/run/model"
    shutil.copytree(neox, base)
    shutil.copytree(adapter, moved)
    config = json.loads((moved / "adapter_config.json").read_text())
    (moved / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": str(base)}))
    record_base(moved, str(base))
    requests = tmp_path / "requests.jsonl"
    requests.write_text(json.dumps({"id": "1", "prompt": PROMPTS[0], "seed": 1, "temperature": 0, "most_tokens": 12}))
    ask = {"requests": str(requests), "precision": "fp32", "threads": 1}
    _, before = run("sample", {**ask, "model": str(moved)})
    (tmp_path / "study").rename(tmp_path / "elsewhere")
    elsewhere = tmp_path / "elsewhere/tuned/run/model"
    code, after = run("sample", {**ask, "model": str(elsewhere)})
    assert code == 0
    assert named(after, "generation")[0]["text"] == named(before, "generation")[0]["text"]
    weights = tmp_path / "elsewhere/bases/neox/model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-8:] = b"\x00" * 8
    weights.write_bytes(changed)
    code, events = run("sample", {**ask, "model": str(elsewhere)})
    assert code == 1
    assert "its weights differ" in events[-1]["message"]
    shutil.rmtree(tmp_path / "elsewhere/bases")
    code, events = run("sample", {**ask, "model": str(elsewhere)})
    assert code == 1
    assert "base_model_name_or_path" in events[-1]["hint"]


@pytest.mark.parametrize("precision", ["f16", "f32"])
def test_a_gguf_read_back_is_the_model(precision, run, neox, tmp_path):
    code, events = run(
        "export",
        {
            "model": neox,
            "out": str(tmp_path),
            "forms": ["gguf"],
            "precision": precision,
            "prompts": PROMPTS,
            "name": "tiny",
        },
    )
    assert code == 0
    exported = named(events, "exported")[0]
    assert exported["read_back_gap"] < (1e-3 if precision == "f16" else 1e-6)
    assert Path(exported["path"]).stat().st_size > 10_000
    assert len(exported["sha256"]) == 64


@needs_node
def test_node_llama_cpp_writes_what_pytorch_writes(run, neox, tmp_path):
    prompts = [f"{prompt} {word}" for prompt in PROMPTS for word in ("the", "her", "letter", "rose")]
    code, events = run(
        "export",
        {
            "model": neox,
            "out": str(tmp_path),
            "forms": ["gguf"],
            "precision": "f32",
            "prompts": prompts,
            "name": "tiny",
        },
    )
    assert code == 0, events
    found = named(events, "exported")[0]["node"]
    assert found["prompts"] == 20 and found["tokens"] > 400 and found["differences"] == []
    assert found["worst_probability_gap"] < 1e-3


@needs_node
@pytest.mark.parametrize("form", ["gguf", "adapter-gguf"])
def test_a_tuned_model_at_f16_writes_what_pytorch_writes_to_a_hundred_prompts(form, run, adapter, stories, tmp_path):
    prompts = [
        f"Title: {story['title']}\nStory: {' '.join(story['text'].split()[:words])}".rstrip()
        for words in (0, 5)
        for story in stories
    ][:100]
    code, events = run(
        "export",
        {
            "model": adapter,
            "out": str(tmp_path),
            "forms": [form],
            "precision": "f16",
            "prompts": prompts,
            "name": "tiny",
            "check_tokens": 20,
        },
    )
    assert code == 0, events
    found = named(events, "exported")[0]["node"]
    assert found["prompts"] == 100 and found["tokens"] > 1000 and found["differences"] == []
    # Texts diverge where two tokens are equally likely to a thousandth; more than a few such would hide a wrong weight.
    assert found["ties"] <= 10
    assert found["worst_probability_gap"] < 1e-3


@needs_node
def test_a_lost_rotary_share_is_noticed(run, neox, tmp_path):
    """The check can fail: a file whose positions are wrong loads, and writes something else."""
    from tinylove_trainer.checking import check_in_node
    from tinylove_trainer.gguf_file import write_gguf
    from tinylove_trainer.models import load_tokenizer

    run(
        "export",
        {
            "model": neox,
            "out": str(tmp_path),
            "forms": ["gguf"],
            "precision": "f32",
            "prompts": PROMPTS,
            "name": "tiny",
        },
    )
    model = load_model(neox)
    model.config.rope_parameters["partial_rotary_factor"] = 1.0
    write_gguf(model, load_tokenizer(neox), tmp_path / "wrong.gguf", "wrong", "f32")
    assert check_in_node(tmp_path / "wrong.gguf", tmp_path / "tiny.check.json")["differences"]


def test_an_adapter_merged_equals_the_adapter(run, adapter, neox, tmp_path):
    from peft import PeftModel

    code, _ = run("export", {"model": adapter, "out": str(tmp_path), "forms": ["merged", "adapter"]})
    assert code == 0
    ids = torch.tensor([[5, 77, 301, 42, 9]])
    with torch.no_grad():
        merged = load_model(str(tmp_path / "merged")).eval()(ids).logits
        applied = PeftModel.from_pretrained(load_model(neox), str(tmp_path / "adapter")).eval()(ids).logits
        base = load_model(neox).eval()(ids).logits
    assert torch.allclose(merged, applied, atol=1e-4)
    assert not torch.allclose(merged, base, atol=1e-2)


@needs_node
def test_an_adapter_as_gguf_over_its_base_writes_what_the_merged_model_writes(run, adapter, tmp_path):
    code, events = run(
        "export",
        {
            "model": adapter,
            "out": str(tmp_path),
            "forms": ["adapter-gguf"],
            "precision": "f32",
            "prompts": PROMPTS,
            "name": "tiny",
        },
    )
    assert code == 0, events
    assert named(events, "exported")[0]["node"]["differences"] == []


def test_a_full_model_has_no_adapter(run, neox, tmp_path):
    code, events = run("export", {"model": neox, "out": str(tmp_path), "forms": ["adapter"]})
    assert code == 1 and "not an adapter" in events[-1]["message"]


def test_expectations_are_written_next_to_the_file(run, neox, tmp_path):
    run(
        "export",
        {"model": neox, "out": str(tmp_path), "forms": ["gguf"], "prompts": PROMPTS, "name": "tiny", "check_tokens": 5},
    )
    check = json.loads((tmp_path / "tiny.check.json").read_text())
    assert [row["text"] for row in check["prompts"]] == PROMPTS
    assert all(len(row["greedy"]) == len(row["margins"]) <= 5 for row in check["prompts"])
