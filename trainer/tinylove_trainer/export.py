"""`export`: a tuned model in the forms that others read: merged weights, the adapter, GGUF for llama.cpp."""

import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file

from .checking import check_in_node, expectations, read_back, rounding_gap
from .events import UserError, emit
from .from_gguf import read_gguf
from .gguf_file import write_adapter_gguf, write_gguf
from .models import load_model, load_tokenizer
from .settings import one_of, settled

FORMS = ("merged", "adapter", "gguf", "adapter-gguf")
TITLES = ["The Letter", "My Mother's Garden", "Rain", "A Late Train", "Zoë", "The Last Dance", "Bread", "Two Chairs", "An Old Song", "The Window", "Salt", "Grandfather's Coat", "Sunday", "The Key", "After the War", "A Dog Named Hope", "The Sea", "Postcards", "Her Hands", "Morning"]
DEFAULTS = {
    "forms": ["merged"],
    "precision": "f16",  # of the matrices in GGUF: f16 or f32
    "name": None,  # the folder's own
    "about": {},  # for GGUF: author, license, description …
    "prompts": [f"Title: {title}\nStory:" for title in TITLES],  # for the check
    "check_tokens": 40,
    "threads": 1,
}


def export(config: dict) -> None:
    """Writes the forms of the model in `model` into `out`. A GGUF file is checked token by token against PyTorch.

    `model` may be a GGUF file itself: `merged` of it is a folder that `tune` can go on from.
    """
    settings = settled(config, DEFAULTS, ("model", "out"))
    one_of("precision", settings.precision, ("f16", "f32"))
    for form in settings.forms:
        one_of("forms", form, FORMS)
    torch.set_num_threads(settings.threads)
    source, out = Path(settings.model), Path(settings.out)
    name = settings.name or source.resolve().name
    is_adapter = (source / "adapter_config.json").is_file()
    if not is_adapter and any(form.startswith("adapter") for form in settings.forms):
        raise UserError(f"{source} is no adapter: it was tuned in full.", "Export merged or gguf.")
    model, tokenizer = read_gguf(source) if source.suffix == ".gguf" else (load_model(settings.model), load_tokenizer(settings.model))
    if any("gguf" in form for form in settings.forms) and model.config.model_type != "gpt_neox":
        raise UserError(f"{model.config.model_type} runs in no llama.cpp.", "Only GPT-NeoX is written to GGUF; use tuned:DIR in generate.")
    needed = 4 * sum(p.numel() for p in model.parameters()) * len(settings.forms)
    out.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(out).free < needed:
        raise UserError(f"{out} has no room for {needed / 1e9:.1f} GB.", "Make room, or give another out.")

    for form in settings.forms:
        writers = {"merged": export_merged, "adapter": export_adapter, "gguf": export_gguf, "adapter-gguf": export_adapter_gguf}
        emit("exported", form=form, **writers[form](model, tokenizer, source, out, name, settings))
    emit("done", out=str(out))


def export_merged(model, tokenizer, source: Path, out: Path, name: str, settings) -> dict:
    # What serves the folder may sample only where it says so (`transformers serve`), and then from the likeliest 50.
    model.generation_config.do_sample = True
    model.generation_config.top_k = 0
    model.save_pretrained(out / "merged")
    tokenizer.save_pretrained(out / "merged")
    return {"path": str(out / "merged")}


def export_adapter(model, tokenizer, source: Path, out: Path, name: str, settings) -> dict:
    shutil.copytree(source, out / "adapter", dirs_exist_ok=True)
    return {"path": str(out / "adapter")}


def export_gguf(model, tokenizer, source: Path, out: Path, name: str, settings) -> dict:
    path = out / f"{name}.gguf"
    write_gguf(model, tokenizer, path, name, settings.precision, settings.about)
    return {"path": str(path), "sha256": sha256(path), **checked(model, tokenizer, path, out, settings)}


def export_adapter_gguf(model, tokenizer, source: Path, out: Path, name: str, settings) -> dict:
    """The adapter alone, with its base as GGUF beside it; checked together against the merged weights."""
    config = json.loads((source / "adapter_config.json").read_text())
    base = load_model(config["base_model_name_or_path"])
    base_path, path = out / f"{name}.base.gguf", out / f"{name}.adapter.gguf"
    write_gguf(base, tokenizer, base_path, f"{name} base", settings.precision, settings.about)
    write_adapter_gguf(load_file(source / "adapter_model.safetensors"), base.config, config["lora_alpha"], path, name)
    check = write_check(model, tokenizer, out / f"{name}.adapter.check.json", settings)
    return {"path": str(path), "base": str(base_path), "sha256": sha256(path), "node": differences(check_in_node(base_path, check, path), path)}


def checked(model, tokenizer, path: Path, out: Path, settings) -> dict:
    """Reads the file back and runs it in node-llama-cpp: both have to write what PyTorch writes with what the file holds."""
    back = read_back(path, model)
    check = write_check(back, tokenizer, path.with_suffix(".check.json"), settings)
    gap = rounding_gap(model, back, [prompt["tokens"] for prompt in json.loads(check.read_text())["prompts"]])
    limit = 1e-3 if settings.precision == "f16" else 1e-5
    if gap > limit:
        raise UserError(f"{path} read back differs from the model by a probability of {gap:.2g}.", "Weights that f16 rounds too far? Export with precision f32.")
    return {"read_back_gap": gap, "node": differences(check_in_node(path, check), path)}


def write_check(model, tokenizer, path: Path, settings) -> Path:
    path.write_text(json.dumps(expectations(model, tokenizer, settings.prompts, settings.check_tokens), ensure_ascii=False))
    return path


def differences(found: dict, path: Path) -> dict:
    if found.get("differences"):
        raise UserError(f"{path} does not write what PyTorch writes: {found['differences'][0]}", "The file has been left for you to look at; do not use it.")
    return found


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
