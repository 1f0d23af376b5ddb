"""A GGUF file becomes a folder that can be tuned, and that folder becomes the same file again."""

import json
import os
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from conftest import named

from tinylove_trainer.from_gguf import read_gguf
from tinylove_trainer.gguf_file import write_gguf
from tinylove_trainer.models import load_model, load_tokenizer

EMBEDDED = Path(__file__).parents[2] / "models/tiny-love.gguf"
TEXTS = ["Title: The Key of May\nStory: My mother found a letter.", "“Zoë” 💋, naïve …", "  two  spaces<|endoftext|>"]


@pytest.mark.parametrize("precision, limit", [("f32", 1e-6), ("f16", 1e-3)])
def test_what_was_written_is_read(neox, tmp_path, precision, limit):
    model, tokenizer = load_model(neox).eval(), load_tokenizer(neox)
    write_gguf(model, tokenizer, tmp_path / "tiny.gguf", "tiny", precision)
    back, words = read_gguf(tmp_path / "tiny.gguf")
    for text in TEXTS:
        ids = words(text)["input_ids"]
        assert ids == tokenizer(text)["input_ids"]
        assert words.decode(ids) == tokenizer.decode(ids)
        with torch.no_grad():
            gap = back(torch.tensor([ids])).logits.softmax(-1) - model(torch.tensor([ids])).logits.softmax(-1)
        assert gap.abs().max() < limit
    assert (words.eos_token, words.bos_token) == (tokenizer.eos_token, tokenizer.bos_token)


def test_the_embedded_model_survives_the_round_trip(run, tmp_path):
    code, events = run(
        "export",
        {
            "model": str(EMBEDDED),
            "out": str(tmp_path),
            "forms": ["merged", "gguf"],
            "name": "back",
            "prompts": ["Title: Rain\nStory:"],
            "check_tokens": 20,
        },
    )
    assert code == 0, events
    one, other = (
        {tensor.name: tensor.data for tensor in gguf.GGUFReader(file).tensors}
        for file in (EMBEDDED, tmp_path / "back.gguf")
    )
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    folder = str(tmp_path / "merged")
    ids = load_tokenizer(folder)("Title: Rain\nStory:")["input_ids"]
    with torch.no_grad():
        assert torch.allclose(
            load_model(folder).eval()(torch.tensor([ids])).logits,
            read_gguf(EMBEDDED)[0](torch.tensor([ids])).logits,
            atol=1e-5,
        )


SMOLLM2 = (
    Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    / "tinylove/models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
)


@pytest.mark.skipif(not SMOLLM2.is_file(), reason="`tinylove models get smollm2` downloads the file")
def test_a_quantised_llama_becomes_a_folder_and_is_called_quantised(run, tmp_path):
    code, events = run("export", {"model": str(SMOLLM2), "out": str(tmp_path), "forms": ["merged"]})
    assert code == 0, events
    exported = named(events, "exported")[0]
    assert (exported["quantised"], exported["licence"]) == ("Q4_1", "apache-2.0")
    config = json.loads((tmp_path / "merged/config.json").read_text())
    assert config["model_type"] == "llama" and "quantization_config" not in config
    tokenizer = load_tokenizer(str(tmp_path / "merged"))
    assert "<|im_start|>" in tokenizer.chat_template
    # As llama.cpp tokenizes it: digits one by one, and no start token.
    assert tokenizer("Title: 12 Hens")["input_ids"] == [16491, 42, 216, 33, 34, 407, 581]


def test_other_files_are_named(run, neox, tmp_path):
    def message_of(model: Path) -> str:
        code, events = run("export", {"model": str(model), "out": str(tmp_path / "out")})
        assert code == 1 and events[-1]["hint"]
        return events[-1]["message"]

    assert "No such file" in message_of(tmp_path / "none.gguf")
    (tmp_path / "text.gguf").write_text("no model at all, but long enough to have a head")
    assert "not a complete GGUF file" in message_of(tmp_path / "text.gguf")
    (tmp_path / "cut.gguf").write_bytes(EMBEDDED.read_bytes()[:200_000])
    assert "not a complete GGUF file" in message_of(tmp_path / "cut.gguf")
    writer = gguf.GGUFWriter(tmp_path / "llama.gguf", "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    assert "it lacks llama.block_count, llama.embedding_length, weights" in message_of(tmp_path / "llama.gguf")
    writer = gguf.GGUFWriter(tmp_path / "unknown.gguf", "abacus")
    writer.add_block_count(1)
    writer.add_embedding_length(4)
    writer.add_tensor("token_embd.weight", np.zeros((8, 4), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert "architecture abacus, which Transformers cannot read" in message_of(tmp_path / "unknown.gguf")
