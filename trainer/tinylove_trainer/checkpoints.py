"""The checkpoints of a run: which one to continue from, and whether the disk has space for them."""

import json
import shutil
from pathlib import Path

from .events import UserError, is_first_process

FORMS: dict[bool | str, str] = {False: "whole", True: "sharded by FSDP2", "zero3": "sharded by ZeRO-3"}


def last_whole_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint. Incomplete ones, which a kill leaves, are removed."""
    found = sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True)
    for checkpoint in found:
        try:
            json.loads((checkpoint / "trainer_state.json").read_text())
            return checkpoint
        except (OSError, ValueError):
            if is_first_process():
                shutil.rmtree(checkpoint, ignore_errors=True)
    return None


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def check_form(checkpoint: Path, sharded: bool | str, processes: int) -> None:
    """Raises UserError unless the checkpoint was written in the form in which this run reads it, with ZeRO-3 also by as many processes."""
    parts = list(checkpoint.glob("global_step*/*zero_pp_rank_*_model_states.pt"))
    written = "zero3" if parts else (checkpoint / "pytorch_model_fsdp_0").is_dir()
    if written != sharded:
        raise UserError(
            f"{checkpoint} was written {FORMS[written]}; this run reads it {FORMS[sharded]}.",
            f"Set sharded to {json.dumps(written)}, as it was, or choose another out.",
        )
    if parts and len(parts) != processes:
        raise UserError(
            f"{checkpoint} was written by {len(parts)} processes; {processes} cannot read it.",
            f"Start {len(parts)} with ZeRO-3, or choose another out.",
        )


def check_disk_space(trainable: int, out: Path, sharded: bool | str, keep: int = 2) -> None:
    """Raises UserError unless the disk has space for the checkpoints (weights and AdamW's two moments in f32) and the model.

    ZeRO-3 keeps the weights twice.
    """
    out.mkdir(parents=True, exist_ok=True)
    needed = ((16 if sharded == "zero3" else 12) * max(2, keep) + 4) * trainable
    free = shutil.disk_usage(out).free
    if free < needed:
        raise UserError(
            f"{out} has {free / 1e9:.1f} GB free; training keeps up to {needed / 1e9:.1f} GB.",
            "Free some space, or choose another out.",
        )
