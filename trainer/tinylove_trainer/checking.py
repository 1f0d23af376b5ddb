"""What an exported model must reproduce: greedy tokens, first probabilities, and texts from their tokens."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import torch
from transformers import GPTNeoXForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from .events import UserError
from .from_gguf import load_weights, open_gguf, read_gguf
from .tokens import prompt_tokens

CHECKER = Path(__file__).parent.parent / "check-gguf.mjs"
ROUND_TRIPS = [
    "“Don’t,” she said — then, softly: ‘I do.’",
    "Café, naïve, Zoë, Ærø, São Paulo, Łódź.",
    "We kissed 💋 under the 🏳️‍🌈 flag 👩‍❤️‍👩.",
    "  two  spaces,\ttabs\nand lines …",
    "愛してる. я тебя люблю. أحبك",
    "<3 & \"quotes\" 'n' {braces} \\ / %20",
]


@torch.no_grad()
def expectations(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, prompts: list[str], length: int, top: int = 20
) -> dict[str, Any]:
    """Greedy continuations of `length` tokens and the `top` likeliest first tokens, computed in f32.

    `margins` say by how much probability each greedy token was ahead. Below 2e-3, two probabilities that are both right
    to 1e-3 may change places, and from there the texts may differ.
    """
    model = model.float().eval()
    rows = []
    for text in prompts:
        ids = prompt_tokens(tokenizer, text)
        made = model.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=min(length, model.config.max_position_embeddings - len(ids)),
            do_sample=False,
            num_beams=1,
            repetition_penalty=1.0,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            output_logits=True,
            return_dict_in_generate=True,
        )
        shares = torch.stack(made.logits).squeeze(1).softmax(-1)
        best = shares.topk(2, dim=-1).values
        likeliest = shares[0].topk(min(top, shares.shape[-1]))
        rows.append(
            {
                "text": text,
                "tokens": ids,
                "greedy": made.sequences[0, len(ids) :].tolist(),
                "margins": (best[:, 0] - best[:, 1]).tolist(),
                "probabilities": list(zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)),
            }
        )
    return {"prompts": rows, "round_trips": ROUND_TRIPS}


@torch.no_grad()
def first_shares(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    """The probability of every token after these."""
    logits: torch.Tensor = model(torch.tensor([ids])).logits
    return logits[0, -1].float().softmax(-1)


def rounding_gap(model: PreTrainedModel, rounded: PreTrainedModel, prompts: list[list[int]]) -> float:
    """The largest difference between the two models in a probability after one of the prompts."""
    return max((first_shares(model, ids) - first_shares(rounded, ids)).abs().max().item() for ids in prompts)


def read_back(path: Path, like: PreTrainedModel) -> PreTrainedModel:
    """The model in a GGUF file, in the shape of `like`."""
    if not isinstance(like, GPTNeoXForCausalLM):
        return read_gguf(path)[0]
    model = GPTNeoXForCausalLM(like.config).eval()
    load_weights(model, open_gguf(path))
    return model


def check_in_node(gguf_file: Path, check_file: Path, adapter: Path | None = None) -> dict[str, Any]:
    """Runs the file in node-llama-cpp and returns what that found, or `left_out` if Node or the package is missing."""
    node = shutil.which("node")
    if node is None or not (CHECKER.parent.parent / "node_modules" / "node-llama-cpp").is_dir():
        return {"left_out": "Node or node-llama-cpp is not installed."}
    command = [node, str(CHECKER), str(gguf_file), str(check_file), *([str(adapter)] if adapter else [])]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    try:
        found: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
        return found
    except (IndexError, ValueError):
        raise UserError(
            f"node-llama-cpp could not run {gguf_file}: {run.stderr.strip()[-300:]}", "The file was kept."
        ) from None
