"""The embedded model's architecture: a small GPT-NeoX."""

import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM


def build_neox(
    vocabulary: int, width: int, layers: int, head: int, context: int, rotary: float, seed: int
) -> GPTNeoXForCausalLM:
    """A GPT-NeoX with random weights. `head` is the size of one attention head, `rotary` the share of it with rotary positions.

    The matrices that write into the residual stream start at zero, so that at first each layer passes its input through
    (Zhang et al. 2019, Fixup; as in nanochat).
    """
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // head,
        intermediate_size=4 * width,
        max_position_embeddings=context,
        rotary_pct=rotary,
        hidden_act="gelu_pytorch_tanh",  # as llama.cpp computes it
        use_parallel_residual=True,
        tie_word_embeddings=False,
        bos_token_id=0,
        eos_token_id=0,
        use_cache=True,
        attn_implementation="eager",
    )
    model = GPTNeoXForCausalLM(config)
    for layer in model.gpt_neox.layers:
        torch.nn.init.zeros_(layer.attention.dense.weight)
        torch.nn.init.zeros_(layer.mlp.dense_4h_to_h.weight)
    return model
