"""Writes GPT-NeoX as GGUF, the file format of llama.cpp and node-llama-cpp.

llama.cpp's own converter reads neither the GPT-NeoX that Transformers 5 saves (the rotary share has moved) nor a custom
vocabulary. Without `rope.dimension_count` or `tokenizer.ggml.pre` a file loads but gives wrong results, so both are
always written.
"""

import json
import os
from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

from .events import UserError

LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "attention.query_key_value": "attn_qkv",
    "attention.dense": "attn_output",
    "mlp.dense_h_to_4h": "ffn_up",
    "mlp.dense_4h_to_h": "ffn_down",
}


def write_gguf(
    model: GPTNeoXForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    path: Path,
    name: str,
    precision: str = "f16",
    about: dict[str, str] | None = None,
) -> None:
    """Writes the whole model. Matrices in `precision` (f16 or f32), head, norms and biases in f32. `about`: author, license …"""
    partial = Path(path).with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, "gptneox")
    describe(writer, model.config, name, precision, about or {})
    add_vocabulary(writer, tokenizer, model.config)
    for key, tensor in model.state_dict().items():
        renamed = tensor_name(key)
        if renamed:
            # Rounding the head to f16 would change the probabilities directly, so it stays in f32.
            kept = "f32" if renamed == "output.weight" else precision
            writer.add_tensor(renamed, as_array(regrouped(key, tensor.float(), model.config), kept))
    finish(writer, partial, path)


def write_adapter_gguf(
    weights: dict[str, torch.Tensor], config: GPTNeoXConfig, alpha: float, path: Path, name: str
) -> None:
    """Writes a LoRA adapter: `weights` as PEFT saves them, `alpha` before the division by the rank."""
    partial = Path(path).with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, "gptneox")
    writer.add_type("adapter")
    writer.add_name(name)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for key, tensor in weights.items():
        module, _, side = key.removesuffix(".weight").rpartition(".lora_")
        renamed = tensor_name(module.removeprefix("base_model.model.") + ".weight")
        if renamed is None:
            raise UserError(f"{key} cannot be written to a GGUF adapter.", "Merge the adapter instead.")
        turned = regrouped(module + ".weight", tensor.float(), config) if side == "B" else tensor.float()
        writer.add_tensor(f"{renamed}.lora_{side.lower()}", turned.contiguous().numpy())
    finish(writer, partial, path)


def describe(writer: gguf.GGUFWriter, config: GPTNeoXConfig, name: str, precision: str, about: dict[str, str]) -> None:
    rotary = config.rope_parameters
    writer.add_type("model")
    writer.add_name(name)
    for key, value in about.items():
        writer.add_string(f"general.{key}", value)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16 if precision == "f16" else gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_rope_dimension_count(
        int(rotary["partial_rotary_factor"] * config.hidden_size // config.num_attention_heads)
    )
    writer.add_rope_freq_base(float(rotary["rope_theta"]))
    writer.add_parallel_residual(config.use_parallel_residual)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def add_vocabulary(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerFast, config: GPTNeoXConfig) -> None:
    """Writes the byte-level BPE of a fast tokenizer, padded to the model's number of tokens."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    saved = json.loads(backend.to_str()) if backend else {}
    if saved.get("model", {}).get("type") != "BPE":
        raise UserError(
            "The tokenizer is not a byte-level BPE.", "Only GPT-2's kind of tokenizer can be written to GGUF."
        )
    if saved.get("normalizer") not in (None, {"type": "NFC"}):
        raise UserError(
            "The tokenizer normalises a text before it splits it.",
            "llama.cpp has no such step for GPT-2's kind of tokenizer.",
        )
    added = {token["id"]: token for token in saved["added_tokens"]}
    by_id = {place: token for token, place in saved["model"]["vocab"].items()} | {
        place: token["content"] for place, token in added.items()
    }
    names, types = [], []
    for place in range(config.vocab_size):
        if place not in by_id:
            names.append(f"[PAD{place}]")
            types.append(gguf.TokenType.UNUSED)
        else:
            names.append(by_id[place])
            kind = gguf.TokenType.NORMAL
            if place in added:
                kind = gguf.TokenType.CONTROL if added[place]["special"] else gguf.TokenType.USER_DEFINED
            types.append(kind)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(names)
    writer.add_token_types(types)
    writer.add_token_merges(
        [merge if isinstance(merge, str) else " ".join(merge) for merge in saved["model"]["merges"]]
    )
    writer.add_bos_token_id(tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_add_bos_token(False)


def tensor_name(key: str) -> str | None:
    """llama.cpp's name for one of Transformers' parameters, or None if the file does not contain it."""
    fixed = {
        "gpt_neox.embed_in.weight": "token_embd.weight",
        "gpt_neox.final_layer_norm.weight": "output_norm.weight",
        "gpt_neox.final_layer_norm.bias": "output_norm.bias",
        "lm_head.weight": "output.weight",
        "embed_out.weight": "output.weight",
    }
    if key in fixed:
        return fixed[key]
    module, _, kind = key.rpartition(".")
    parts = module.split(".", 3)  # gpt_neox.layers.N.name
    if len(parts) < 4 or parts[3] not in LAYER_NAMES:
        return None
    return f"blk.{parts[2]}.{LAYER_NAMES[parts[3]]}.{kind}"


def regrouped(key: str, tensor: torch.Tensor, config: GPTNeoXConfig) -> torch.Tensor:
    """Reorders query, key and value from Transformers' order (by head) to llama.cpp's (all queries, all keys, all values)."""
    if "query_key_value" not in key:
        return tensor
    heads = config.num_attention_heads
    size = config.hidden_size // heads
    return tensor.reshape(heads, 3, size, *tensor.shape[1:]).transpose(0, 1).reshape(tensor.shape)


def as_array(tensor: torch.Tensor, precision: str) -> np.ndarray:
    array = tensor.detach().contiguous().numpy()
    return array.astype(np.float16) if precision == "f16" and tensor.ndim == 2 else array.astype(np.float32)


def finish(writer: gguf.GGUFWriter, partial: Path, path: Path) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(partial, path)
