"""Language models on disk: loading one, and what has to be known of its architecture."""

import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from .events import UserError

# Every linear map of a layer. PEFT's own choice for GPT-Neo leaves out all but queries and values.
LORA_TARGETS = {
    "gpt_neo": ["q_proj", "k_proj", "v_proj", "out_proj", "c_fc", "c_proj"],
    "gpt_neox": ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"],
}


def load_model(folder: str, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The causal language model in a folder, or by its name on the hub where that is allowed. An adapter is merged."""
    adapter = Path(folder) / "adapter_config.json"
    if adapter.is_file():
        return merged(folder, dtype)
    read_model_config(folder)
    try:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    except (OSError, ValueError, KeyError, RuntimeError) as problem:
        raise UserError(f"The model in {folder} cannot be loaded: {first_line(problem)}", "Is its folder whole (config.json, weights)?") from None


def merged(folder: str, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The base model with the adapter's changes worked into its weights."""
    from peft import PeftModel

    return PeftModel.from_pretrained(load_model(base_of(folder), dtype), folder).merge_and_unload()


def base_of(adapter: str) -> str:
    """The model that an adapter changes."""
    return json.loads((Path(adapter) / "adapter_config.json").read_text())["base_model_name_or_path"]


def base_dtype(method: str, precision: str) -> torch.dtype:
    """What a model is trained in: f32 masters, or bf16 where its weights stay as they are (2 bytes each, not 4)."""
    return torch.bfloat16 if (method, precision) == ("lora", "bf16") else torch.float32


def load_tokenizer(folder: str) -> PreTrainedTokenizerFast:
    """The model's tokenizer. Where it has no token to pad with, its end of text is one; it is masked, not learnt."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as problem:
        raise UserError(f"The tokenizer in {folder} cannot be loaded: {first_line(problem)}", "Put tokenizer.json and tokenizer_config.json beside the weights.") from None
    if tokenizer.eos_token_id is None:
        raise UserError(f"The tokenizer in {folder} has no end-of-text token.", "Name one as eos_token in tokenizer_config.json.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def read_model_config(folder: str) -> PretrainedConfig:
    """Of a model or of an adapter's base. Tells a missing model from one that Transformers knows for no causal language model."""
    place = Path(folder)
    if (place / "adapter_config.json").is_file():
        return read_model_config(base_of(folder))
    if place.is_dir() and not (place / "config.json").is_file():
        raise UserError(f"{folder} holds no model: there is no config.json in it.", "Name the folder that holds config.json and the weights.")
    try:
        config = AutoConfig.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as problem:
        if place.is_dir():
            raise UserError(f"Unknown architecture in {folder}: {first_line(problem)}", "GPT-Neo and GPT-NeoX are tested; others go by Transformers' AutoModelForCausalLM.") from None
        raise UserError(f"No such model: {folder}.", "Name a folder with config.json and weights, or a model of the hub that this machine may fetch.") from None
    if config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise UserError(f"Unknown architecture {config.model_type} in {folder}: it is no causal language model.", "GPT-Neo and GPT-NeoX are tested; others go by Transformers' AutoModelForCausalLM.")
    return config


def lora_config(architecture: str, rank: int, alpha: int, dropout: float = 0.0):
    """An adapter for all linear maps, by name for the tested architectures."""
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=LORA_TARGETS.get(architecture, "all-linear"), task_type="CAUSAL_LM")


def context_of(model: PreTrainedModel | PretrainedConfig) -> int:
    """How many tokens the model holds."""
    return getattr(getattr(model, "config", model), "max_position_embeddings", 1024)


def first_line(problem: Exception) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0][:200]
