"""Stories as padded batches, and what a model makes of them."""

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

Row = tuple[list[int], list[int]]  # token ids and labels (-100: not learned)


def padded(rows: list[Row], pad: int) -> dict[str, torch.Tensor]:
    """The rows as one batch. Padding is masked by its place, not by its token, so a model still learns an end of text that also serves as padding."""
    longest = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows]),
        "labels": torch.tensor([labels + [-100] * (longest - len(ids)) for ids, labels in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]),
    }


def in_batches(rows: list[Row], size: int) -> list[list[Row]]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def learned(rows: list[Row]) -> int:
    """The number of tokens that count in the loss."""
    return sum(label != -100 for _, labels in rows for label in labels[1:])


def nats(model: PreTrainedModel | PeftModel, rows: list[Row], pad: int) -> torch.Tensor:
    """The negative log-likelihood of the learned tokens of these rows, summed, in nats."""
    return nats_of_each(model, rows, pad).sum()


def nats_of_each(model: PreTrainedModel | PeftModel, rows: list[Row], pad: int) -> torch.Tensor:
    """The same for each row."""
    batch = {name: tensor.to(model.device) for name, tensor in padded(rows, pad).items()}
    labels = batch.pop("labels")[:, 1:]
    logits = model(**batch, use_cache=False).logits
    each = cross_entropy(logits[:, :-1].float().flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="none")
    return each.view(labels.shape).sum(1)
