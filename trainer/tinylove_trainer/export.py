"""`export`: writes a tuned model for other programs: merged weights, the adapter, GGUF for llama.cpp."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import GPTNeoXForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from .checking import check_in_node, expectations, read_back, rounding_gap
from .converter import convert
from .events import UserError, emit
from .from_gguf import open_gguf, quantisation_of, read_gguf, value
from .gguf_file import write_adapter_gguf, write_gguf
from .models import base_of, load_model, load_tokenizer, record_base
from .settings import ExportForm, ExportSettings


def export(config: dict[str, Any]) -> None:
    """Writes the model in `model` to `out` in each of the `forms`. A GGUF file is checked against PyTorch token by token.

    `model` may also be a GGUF file: `merged` then makes a folder of it that `tune` can train.
    """
    settings = ExportSettings.read(config)
    torch.set_num_threads(settings.threads)
    source, out = Path(settings.model), Path(settings.out)
    name = settings.name or source.resolve().name
    is_adapter = (source / "adapter_config.json").is_file()
    if not is_adapter and any(form.startswith("adapter") for form in settings.forms):
        raise UserError(f"{source} is not an adapter: all its weights were tuned.", "Export merged or gguf.")
    model, tokenizer = (
        read_gguf(source) if source.suffix == ".gguf" else (load_model(settings.model), load_tokenizer(settings.model))
    )
    kind = model.config.model_type
    if any("gguf" in form for form in settings.forms) and kind == "gpt_neo":
        raise UserError(
            f"{kind} cannot be exported to GGUF: llama.cpp does not support it.", "In generate, use tuned:DIR."
        )
    if "adapter-gguf" in settings.forms and kind != "gpt_neox":
        raise UserError(f"The adapter of a {kind} cannot be exported to GGUF.", "Export gguf: base and adapter in one.")
    needed = 4 * sum(p.numel() for p in model.parameters()) * len(settings.forms)
    out.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(out).free < needed:
        raise UserError(f"{out} has less than {needed / 1e9:.1f} GB free.", "Free some space, or choose another out.")

    origin = origin_of(source)
    for form in settings.forms:
        emit("exported", form=form, **WRITERS[form](model, tokenizer, source, out, name, settings), **origin)
    emit("done", out=str(out))


def origin_of(source: Path) -> dict[str, str | None]:
    """What a GGUF file says about the weights in it: how they were quantised (null if they were not) and their licence."""
    if source.suffix != ".gguf":
        return {}
    file = open_gguf(source)
    return {"quantised": quantisation_of(file), "licence": value(file, "general.license")}


def export_merged(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    source: Path,
    out: Path,
    name: str,
    settings: ExportSettings,
) -> dict[str, Any]:
    # A server such as `transformers serve` samples only if this says so, and by default from the 50 likeliest tokens.
    model.generation_config.do_sample = True
    model.generation_config.top_k = 0
    model.save_pretrained(out / "merged")
    tokenizer.save_pretrained(out / "merged")
    return {"path": str(out / "merged")}


def export_adapter(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    source: Path,
    out: Path,
    name: str,
    settings: ExportSettings,
) -> dict[str, Any]:
    shutil.copytree(source, out / "adapter", dirs_exist_ok=True)
    record_base(out / "adapter", base_of(str(source)))
    return {"path": str(out / "adapter")}


def export_gguf(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    source: Path,
    out: Path,
    name: str,
    settings: ExportSettings,
) -> dict[str, Any]:
    path = out / f"{name}.gguf"
    if isinstance(model, GPTNeoXForCausalLM):
        write_gguf(model, tokenizer, path, name, settings.precision, settings.about)
    else:
        convert(model, tokenizer, path, name, settings.precision)
    return {"path": str(path), "sha256": sha256(path), **checked(model, tokenizer, path, settings)}


def export_adapter_gguf(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    source: Path,
    out: Path,
    name: str,
    settings: ExportSettings,
) -> dict[str, Any]:
    """Writes the adapter and its base as two GGUF files, and checks both together against the merged weights."""
    config = json.loads((source / "adapter_config.json").read_text())
    base = load_model(base_of(str(source)))
    base_path, path = out / f"{name}.base.gguf", out / f"{name}.adapter.gguf"
    write_gguf(base, tokenizer, base_path, f"{name} base", settings.precision, settings.about)
    write_adapter_gguf(load_file(source / "adapter_model.safetensors"), base.config, config["lora_alpha"], path, name)
    check = write_check(model, tokenizer, out / f"{name}.adapter.check.json", settings)
    return {
        "path": str(path),
        "base": str(base_path),
        "sha256": sha256(path),
        "node": differences(check_in_node(base_path, check, path), path),
    }


WRITERS: dict[ExportForm, Callable[..., dict[str, Any]]] = {
    "merged": export_merged,
    "adapter": export_adapter,
    "gguf": export_gguf,
    "adapter-gguf": export_adapter_gguf,
}


def checked(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, path: Path, settings: ExportSettings
) -> dict[str, Any]:
    """Reads the file back and runs it in node-llama-cpp, which must write what PyTorch writes with the weights of the file."""
    back = read_back(path, model)
    check = write_check(back, tokenizer, path.with_suffix(".check.json"), settings)
    gap = rounding_gap(model, back, [prompt["tokens"] for prompt in json.loads(check.read_text())["prompts"]])
    limit = 1e-3 if settings.precision == "f16" else 1e-5
    if gap > limit:
        raise UserError(
            f"The probabilities of {path} differ from the model's by up to {gap:.2g}.",
            "f16 may round its weights too far: export with precision f32.",
        )
    return {"read_back_gap": gap, "node": differences(check_in_node(path, check), path)}


def write_check(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, path: Path, settings: ExportSettings
) -> Path:
    path.write_text(
        json.dumps(expectations(model, tokenizer, settings.prompts, settings.check_tokens), ensure_ascii=False)
    )
    return path


def differences(found: dict[str, Any], path: Path) -> dict[str, Any]:
    """The results of the check in Node. Raises UserError if it found a difference."""
    if found.get("differences"):
        raise UserError(
            f"{path} does not write what PyTorch writes: {found['differences'][0]}",
            "The file was kept so that you can look at it; do not use it.",
        )
    return found


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()
