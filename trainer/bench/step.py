"""Tokens a second of `tune` beside a bare PyTorch loop: same model, same stories, same batches, by turns in one run.

    python bench/step.py MODEL CORPUS.jsonl [ROUNDS]

Prints the ratio of the medians, in seconds of one core, so that what else the machine does counts for neither. The
bare loop is what anybody would write: forward, loss, backward, clip, step.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch
from transformers import TrainerCallback

from tinylove_trainer import tune
from tinylove_trainer.find_lr import padded
from tinylove_trainer.models import load_model, load_tokenizer
from tinylove_trainer.settings import settled
from tinylove_trainer.stories import encoded, of_split, prompt_and_story, read_corpus

BATCH, LENGTH, STEPS = 8, 256, 8


class Clock(TrainerCallback):
    def __init__(self):
        self.times = []

    def on_step_begin(self, *_, **__):
        self.begun = time.process_time()

    def on_step_end(self, *_, **__):
        self.times.append(time.process_time() - self.begun)


def trainer_times(model_folder: str, corpus: str, folder: str) -> list[float]:
    config = {"model": model_folder, "stories": corpus, "out": folder, "epochs": 99, "batch": BATCH, "micro_batch": BATCH, "length": LENGTH, "threads": 1, "patience": 99}
    settings = settled(config, tune.DEFAULTS, ("model", "stories", "out"))
    tune.check(settings)
    trainer = tune.build_trainer(read_corpus(corpus), settings, fresh=False)
    clock = Clock()
    trainer.add_callback(clock)
    trainer.args.max_steps, trainer.args.eval_strategy, trainer.args.save_strategy = STEPS, "no", "no"
    trainer.args.load_best_model_at_end = False
    trainer.callback_handler.callbacks = [c for c in trainer.callback_handler.callbacks if type(c).__name__ not in ("EarlyStoppingCallback", "Speaker")]
    trainer.train()
    return clock.times[2:]


def bare_times(model_folder: str, corpus: str) -> list[float]:
    model, tokenizer = load_model(model_folder), load_tokenizer(model_folder)
    model.train()
    rows = [encoded(tokenizer, *prompt_and_story(tune.TEMPLATE, s.title, s.text), LENGTH) for s in of_split(read_corpus(corpus), "train")]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.0, fused=True)
    times = []
    for step in range(STEPS):
        batch = padded([rows[(step * BATCH + at) % len(rows)] for at in range(BATCH)], tokenizer.pad_token_id)
        begun = time.process_time()
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        times.append(time.process_time() - begun)
    return times[2:]


def main(model: str, corpus: str, rounds: int = 3) -> None:
    torch.set_num_threads(1)
    bare, ours = [], []
    for _ in range(rounds):
        bare += bare_times(model, corpus)
        with tempfile.TemporaryDirectory() as folder:
            ours += trainer_times(model, corpus, folder)
    slow, fast = statistics.median(ours), statistics.median(bare)
    print(f"bare {fast * 1000:.0f} ms a step, tune {slow * 1000:.0f} ms: {fast / slow:.2f} of the bare loop's tokens a second (wanted: 0.9)")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
