"""Language models on disk: how to load one, and facts about its architecture."""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from .device import device, weights_dtype
from .events import UserError
from .settings import Precision

if TYPE_CHECKING:  # PEFT takes seconds to import
    from peft import LoraConfig

# Every linear map of a layer. PEFT's default for GPT-Neo has only queries and values.
LORA_TARGETS = {
    "gpt_neo": ["q_proj", "k_proj", "v_proj", "out_proj", "c_fc", "c_proj"],
    "gpt_neox": ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"],
}


def load_model(folder: str, dtype: torch.dtype = torch.float32, **where: Any) -> PreTrainedModel:
    """Loads the causal language model in a folder, or from the hub where that is allowed. An adapter is merged into its base.

    `where` goes to Transformers, such as `device_map`.
    """
    adapter = Path(folder) / "adapter_config.json"
    if adapter.is_file():
        return merged(folder, dtype, **where)
    read_model_config(folder)
    try:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **where)
    except (OSError, ValueError, KeyError, RuntimeError) as problem:
        raise UserError(
            f"The model in {folder} cannot be loaded: {first_line(problem)}",
            "Is its folder complete (config.json, weights)?",
        ) from None


def merged(folder: str, dtype: torch.dtype = torch.float32, **where: Any) -> PreTrainedModel:
    """The base model with the adapter merged into its weights."""
    from peft import PeftModel

    return PeftModel.from_pretrained(load_model(base_of(folder), dtype, **where), folder).merge_and_unload()


def loaded_for_use(folder: str, precision: Precision) -> PreTrainedModel:
    """The model on this machine's best device, spread over several GPUs if there are several, for writing and measuring."""
    dtype = weights_dtype(precision)
    if torch.cuda.device_count() > 1:
        return load_model(folder, dtype, device_map="auto").eval()
    return load_model(folder, dtype).to(device()).eval()


BASE_FILE = "base.json"  # in an adapter's folder: `path` from there to the base, and its `fingerprint`


def base_of(adapter: str) -> str:
    """The model that an adapter changes: a folder, where it was or in the same place relative to the adapter, or a model of the hub.

    Raises UserError if there is another model in that folder than the one the adapter was trained on.
    """
    folder = Path(adapter)
    named = str(json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"])
    recorded = json.loads((folder / BASE_FILE).read_text()) if (folder / BASE_FILE).is_file() else None
    if recorded is None:
        return named
    found = next((place for place in (Path(named), folder / recorded["path"]) if place.is_dir()), None)
    if found is None:
        raise UserError(
            f"The base of the adapter {adapter} is not in {named}.",
            "Write the folder of the base into base_model_name_or_path of its adapter_config.json.",
        )
    if fingerprint(found) != recorded["fingerprint"]:
        raise UserError(
            f"{found} is not the model on which the adapter {adapter} was trained: its weights differ.",
            "Write the folder of the right base into base_model_name_or_path of its adapter_config.json.",
        )
    return str(found)


def record_base(adapter: Path, base: str) -> None:
    """Writes which base an adapter belongs to, so that both can be moved. A model of the hub is known by its name."""
    place = Path(base)
    if place.is_dir():
        record = {"path": os.path.relpath(place.resolve(), adapter.resolve()), "fingerprint": fingerprint(place)}
        (adapter / BASE_FILE).write_text(json.dumps(record, indent=2) + "\n")


def fingerprint(folder: Path) -> str:
    """SHA-256 of the sizes of a model's weight files and of 64 parts of each, so that tens of gigabytes take a second."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            for part in range(64):
                file.seek(size * part // 64)
                digest.update(file.read(1 << 16))
    return digest.hexdigest()


def base_dtype(method: str, precision: str) -> torch.dtype:
    """The type of the weights: f32, or bf16 for a base that is not trained (2 bytes each instead of 4)."""
    return torch.bfloat16 if (method, precision) == ("lora", "bf16") else torch.float32


def load_tokenizer(folder: str) -> PreTrainedTokenizerFast:
    """The model's tokenizer. If it has no padding token, the end of text is used, masked from the loss."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as problem:
        raise UserError(
            f"The tokenizer in {folder} cannot be loaded: {first_line(problem)}",
            "Put tokenizer.json and tokenizer_config.json into the folder of the weights.",
        ) from None
    if tokenizer.eos_token_id is None:
        raise UserError(
            f"The tokenizer in {folder} has no end-of-text token.", "Name one as eos_token in tokenizer_config.json."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def read_model_config(folder: str) -> PretrainedConfig:
    """The config of a model or of an adapter's base. Raises UserError if it is missing, or is not a causal language model to Transformers."""
    place = Path(folder)
    if (place / "adapter_config.json").is_file():
        return read_model_config(base_of(folder))
    if place.is_dir() and not (place / "config.json").is_file():
        raise UserError(
            f"{folder} has no model: it contains no config.json.", "Name the folder with config.json and the weights."
        )
    try:
        config = AutoConfig.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as problem:
        if place.is_dir():
            raise UserError(
                f"Unknown architecture in {folder}: {first_line(problem)}",
                "GPT-Neo and GPT-NeoX are tested; Transformers' AutoModelForCausalLM must know any other.",
            ) from None
        raise UserError(
            f"No such model: {folder}.",
            "Name a folder with config.json and weights, or a model of the hub that this machine may fetch.",
        ) from None
    if config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise UserError(
            f"Unknown architecture {config.model_type} in {folder}: it is not a causal language model.",
            "GPT-Neo and GPT-NeoX are tested; Transformers' AutoModelForCausalLM must know any other.",
        )
    return config


def lora_config(architecture: str, rank: int, alpha: float, dropout: float = 0.0) -> "LoraConfig":
    """An adapter for all linear maps: by name in the tested architectures, whatever they are called in others."""
    from peft import LoraConfig

    return LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=LORA_TARGETS.get(architecture, "all-linear"),
        task_type="CAUSAL_LM",
    )


def context_of(model: PreTrainedModel | PretrainedConfig) -> int:
    """The model's context in tokens."""
    return getattr(getattr(model, "config", model), "max_position_embeddings", 1024)


def first_line(problem: Exception) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0][:200]
