"""The shapes of the two models of the tests and benches: two layers of 64, and 256 tokens of context."""

from transformers import GPTNeoConfig, GPTNeoForCausalLM, GPTNeoXForCausalLM

from tinylove_trainer.neox import build_neox


def tiny_neo(vocabulary: int, **changes: float) -> GPTNeoForCausalLM:
    """A GPT-Neo with random weights, from PyTorch's seed. `changes` are further settings of its configuration."""
    config = GPTNeoConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        num_layers=2,
        num_heads=2,
        attention_types=[[["global", "local"], 1]],
        window_size=32,
        max_position_embeddings=256,
        bos_token_id=0,
        eos_token_id=0,
        **changes,
    )
    return GPTNeoForCausalLM(config)


def tiny_neox(vocabulary: int) -> GPTNeoXForCausalLM:
    """A GPT-NeoX with random weights, always the same."""
    return build_neox(vocabulary=vocabulary, width=64, layers=2, head=32, context=256, rotary=0.25, seed=1)
