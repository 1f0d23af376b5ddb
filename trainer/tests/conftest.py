"""Small models with random weights and a corpus of made-up stories, for all tests."""

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from bench.tiny_models import tiny_neo, tiny_neox
from tinylove_trainer.__main__ import main
from tinylove_trainer.vocabulary import END_OF_TEXT, learn_vocabulary

torch.set_num_threads(1)

# Seconds that other processes may take before a test gives up: importing PyTorch takes minutes on a busy machine.
PATIENCE = 900

WHO = ["my mother", "her sister", "the old baker", "our neighbour", "his teacher", "a young nurse", "I", "you", "we"]
DID = [
    "found a letter",
    "planted a rose",
    "kept the key",
    "wrote a song",
    "missed the train",
    "baked the bread",
    "closed the window",
]
THEN = [
    "It rained that night.",
    "Nobody spoke of it.",
    "The door stayed open.",
    "We laughed for a week.",
    "She never came back.",
    "He still waits there.",
]


def made_story(number: int, rng: random.Random) -> dict:
    lines = [
        f"{rng.choice(WHO).capitalize()} {rng.choice(DID)} in {rng.choice(['May', 'June', 'winter'])}. {rng.choice(THEN)}"
        for _ in range(3)
    ]
    title = f"The {rng.choice(['Letter', 'Rose', 'Key', 'Song', 'Train', 'Bread'])} of {rng.choice(['May', 'June', 'Winter'])}"
    split = "train" if number < 64 else "validation" if number < 80 else "test"
    return {"id": f"story-{number}", "title": title, "text": " ".join(lines), "split": split}


@pytest.fixture(scope="session")
def stories() -> list[dict]:
    rng = random.Random(7)
    return [made_story(number, rng) for number in range(96)]


@pytest.fixture(scope="session")
def corpus(stories, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("corpus") / "stories.jsonl"
    path.write_text("".join(json.dumps(story) + "\n" for story in stories))
    return str(path)


@pytest.fixture(scope="session")
def tokenizer(stories) -> PreTrainedTokenizerFast:
    learnt = learn_vocabulary([f"Title: {s['title']}\nStory: {s['text']}\n" for s in stories], 600)
    return PreTrainedTokenizerFast(tokenizer_object=learnt, bos_token=END_OF_TEXT, eos_token=END_OF_TEXT)


@pytest.fixture(scope="session")
def neox(tokenizer, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("neox")
    model = tiny_neox(len(tokenizer))
    for parameter in model.parameters():  # large enough that every weight, bias and position changes what is written
        with torch.no_grad():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def neo(tokenizer, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("neo")
    torch.manual_seed(1)
    tiny_neo(len(tokenizer), resid_dropout=0.1).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tokenizer_with_start(stories) -> PreTrainedTokenizerFast:
    """A tokenizer that puts a start token of its own before every text, as those of Llama and Gemma do."""
    learnt = learn_vocabulary([f"Title: {s['title']}\nStory: {s['text']}\n" for s in stories], 600)
    learnt.add_special_tokens(["<s>"])
    start = learnt.token_to_id("<s>")
    learnt.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", start)])
    return PreTrainedTokenizerFast(
        tokenizer_object=learnt, bos_token="<s>", eos_token=END_OF_TEXT, pad_token=END_OF_TEXT
    )


def saved_tiny(kind: str, tokenizer: PreTrainedTokenizerFast, folder: Path) -> str:
    """A model of two layers with random weights, of an architecture that people use today."""
    torch.manual_seed(1)
    size = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 32,
        "max_position_embeddings": 256,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.1,
    }
    AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **size)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def llama(tokenizer_with_start, tmp_path_factory) -> str:
    return saved_tiny("llama", tokenizer_with_start, tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="session")
def gemma(tokenizer_with_start, tmp_path_factory) -> str:
    return saved_tiny("gemma3_text", tokenizer_with_start, tmp_path_factory.mktemp("gemma"))


@pytest.fixture(scope="session")
def qwen(tokenizer, tmp_path_factory) -> str:
    return saved_tiny("qwen3", tokenizer, tmp_path_factory.mktemp("qwen"))


@pytest.fixture
def run(tmp_path, capfd, monkeypatch):
    """Runs a command as the command line does: its exit code and its events."""

    def go(command: str, config: dict) -> tuple[int, list[dict]]:
        path = tmp_path / f"{command}.json"
        path.write_text(json.dumps(config))
        monkeypatch.setattr(sys, "argv", ["tinylove_trainer", command, "--config", str(path)])
        capfd.readouterr()
        code = main()
        return code, [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    return go


@pytest.fixture
def together(tmp_path):
    """Runs a command in two processes with torchrun: its exit code and events. With `wait=False` it only starts them."""

    def go(command: str, config: dict, wait: bool = True):
        path = tmp_path / f"{command}-together.json"
        path.write_text(json.dumps(config))
        launcher = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc_per_node",
            "2",
            "-m",
            "tinylove_trainer",
            command,
            "--config",
            str(path),
        ]
        # DeepSpeed on a CPU compiles a library once, with the ninja that is installed with this Python.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "PATH": path}
        said = (tmp_path / "together.err").open("w")
        process = subprocess.Popen(
            launcher,
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=environment,
            start_new_session=True,
        )
        if not wait:
            return process
        out, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    return go


def free_port() -> int:
    """A free port on loopback that the kernel will not give to another process.

    A port that the kernel chose may be given to another process before a rank opens it. So this port is below the range
    from which the kernel chooses (32768 on Linux, 49152 on macOS and Windows).
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise OSError("no port between 20000 and 32000 is free")


def named(events: list[dict], name: str) -> list[dict]:
    return [event for event in events if event["event"] == name]
