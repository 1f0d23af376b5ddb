"""Reads a GGUF file into Transformers, so that it can be tuned.

Transformers itself reads Llama, Mistral, Qwen, Gemma, Phi, GPT-2 and others, but not GPT-NeoX: the functions here do
(the inverse of `gguf_file`). Weights in any precision that llama.cpp knows become f32; what quantisation lost stays lost.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import gguf
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from .events import UserError
from .gguf_file import tensor_name


def read_gguf(path: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """The model and its tokenizer. Raises UserError for an architecture or a tokenizer that cannot be read."""
    file = open_gguf(path)
    if value(file, "general.architecture") != "gptneox":
        return read_with_transformers(Path(path), file)
    model = GPTNeoXForCausalLM(config_in(file)).eval()
    load_weights(model, file)
    return model, tokenizer_in(file, path)


def open_gguf(path: str | Path) -> gguf.GGUFReader:
    if not Path(path).is_file():
        raise UserError(f"No such file: {path}.", "Name a GGUF file.")
    try:
        return gguf.GGUFReader(path)
    except (ValueError, IndexError) as problem:
        raise UserError(f"{path} is not a complete GGUF file: {problem}.", "Download or export it again.") from None


def quantisation_of(file: gguf.GGUFReader) -> str | None:
    """The commonest type of the matrices if they are quantised, such as Q4_1; None for f32, f16 and bf16."""
    kinds = Counter(tensor.tensor_type.name for tensor in file.tensors if len(tensor.shape) > 1)
    commonest = max(kinds, key=lambda kind: kinds[kind], default="F32")
    return None if commonest in ("F32", "F16", "BF16") else commonest


def read_with_transformers(path: Path, file: gguf.GGUFReader) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """What Transformers' own loader makes of the file, as a model like any other."""
    where, name = str(path.parent), path.name
    architecture = value(file, "general.architecture")
    # Transformers fills what is missing with the sizes and random weights of a default model of many gigabytes.
    needed = [f"{architecture}.block_count", f"{architecture}.embedding_length"]
    missing = [key for key in needed if file.get_field(key) is None] + ([] if file.tensors else ["weights"])
    if missing:
        raise UserError(
            f"{path} contains no whole model of the architecture {architecture}: it lacks {', '.join(missing)}.",
            "Download or export it again.",
        )
    try:
        model = AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.float32).eval()
        tokenizer = AutoTokenizer.from_pretrained(where, gguf_file=name)
    except (OSError, ValueError, KeyError, NotImplementedError, RuntimeError) as problem:
        raise UserError(
            f"{path} contains a model of the architecture {architecture}, which Transformers cannot read: {str(problem).splitlines()[0][:200]}",
            "Name the folder that the file was made from.",
        ) from None
    # The weights are whole again, but Transformers still takes the model for a quantised one and refuses to save it.
    model.hf_quantizer = None
    for key in ("quantization_config", "_pre_quantization_dtype"):
        if hasattr(model.config, key):
            delattr(model.config, key)
    for attribute in ("is_quantized", "quantization_method"):
        if hasattr(model, attribute):
            delattr(model, attribute)
    template = value(file, "tokenizer.chat_template")
    if template and not tokenizer.chat_template:
        tokenizer.chat_template = template
    return model, tokenizer


def value(file: gguf.GGUFReader, key: str, default: Any = None) -> Any:
    field = file.get_field(key)
    return default if field is None else field.contents()


def config_in(file: gguf.GGUFReader) -> GPTNeoXConfig:
    def size(key: str) -> Any:
        return value(file, f"gptneox.{key}")

    head = size("embedding_length") // size("attention.head_count")
    end = value(file, "tokenizer.ggml.eos_token_id")
    return GPTNeoXConfig(
        vocab_size=len(value(file, "tokenizer.ggml.tokens")),
        hidden_size=size("embedding_length"),
        num_hidden_layers=size("block_count"),
        num_attention_heads=size("attention.head_count"),
        intermediate_size=size("feed_forward_length"),
        max_position_embeddings=size("context_length"),
        layer_norm_eps=size("attention.layer_norm_epsilon"),
        use_parallel_residual=size("use_parallel_residual"),
        rope_parameters={
            "rope_type": "default",
            "rope_theta": size("rope.freq_base") or 10000.0,
            "partial_rotary_factor": size("rope.dimension_count") / head,
        },
        hidden_act="gelu_pytorch_tanh",  # as llama.cpp computes it
        tie_word_embeddings=all(tensor.name != "output.weight" for tensor in file.tensors),
        bos_token_id=value(file, "tokenizer.ggml.bos_token_id", end),
        eos_token_id=end,
    )


def load_weights(model: GPTNeoXForCausalLM, file: gguf.GGUFReader) -> None:
    """Loads the file's weights into a model of its shape. Queries, keys and values are grouped by head again."""
    tensors = {tensor.name: tensor for tensor in file.tensors}
    heads = model.config.num_attention_heads
    state = {}
    for key, own in model.state_dict().items():
        name = tensor_name(key)
        if name not in tensors:
            continue
        tensor = torch.from_numpy(gguf.dequantize(tensors[name].data, tensors[name].tensor_type).copy()).float()
        if "query_key_value" in key:
            tensor = tensor.reshape(3, heads, -1, *tensor.shape[1:]).transpose(0, 1)
        state[key] = tensor.reshape(own.shape)
    missing, _ = model.load_state_dict(state, strict=False)
    # A tied head is the embedding, and not in the file itself.
    missing = [
        key
        for key in missing
        if tensor_name(key) and not (key == "lm_head.weight" and model.config.tie_word_embeddings)
    ]
    if missing:
        raise UserError(f"The GGUF file lacks {tensor_name(missing[0])}.", "Download or export it again.")


def tokenizer_in(file: gguf.GGUFReader, path: str | Path) -> PreTrainedTokenizerFast:
    kind = value(file, "tokenizer.ggml.model"), value(file, "tokenizer.ggml.pre")
    if kind != ("gpt2", "gpt-2"):
        raise UserError(
            f"{path} has a tokenizer of the kind {'/'.join(map(str, kind))}.",
            "Only GPT-2's kind can be read from a GGUF file; name the folder that the file was made from.",
        )
    tokens, types = value(file, "tokenizer.ggml.tokens"), value(file, "tokenizer.ggml.token_type")
    known = {
        token: place for place, (token, of) in enumerate(zip(tokens, types, strict=True)) if of != gguf.TokenType.UNUSED
    }
    merges = [tuple(merge.split(" ")) for merge in value(file, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab=known, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    for of, special in ((gguf.TokenType.CONTROL, True), (gguf.TokenType.USER_DEFINED, False)):
        tokenizer.add_tokens(
            [
                AddedToken(token, special=special, normalized=False)
                for token, own in zip(tokens, types, strict=True)
                if own == of
            ]
        )
    end = value(file, "tokenizer.ggml.eos_token_id")
    first = value(file, "tokenizer.ggml.bos_token_id", end)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=tokens[first], eos_token=tokens[end])
