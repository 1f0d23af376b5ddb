"""Makes a small GPT-Neo and a small GPT-NeoX that know a little of a corpus: python small_models.py STORIES OUT [STEPS].

The tests and the recorded curves start from them: random weights would not show that a rate destroys what a model has learnt.
"""

import json
import sys
from pathlib import Path

import torch
from tiny_models import tiny_neo, tiny_neox
from transformers import PreTrainedTokenizerFast

from tinylove_trainer.vocabulary import END_OF_TEXT, learn_vocabulary

stories_file, out = sys.argv[1], Path(sys.argv[2])
steps = int(sys.argv[3]) if len(sys.argv) > 3 else 40
torch.manual_seed(1)
torch.set_num_threads(1)
stories = [json.loads(line) for line in Path(stories_file).read_text().splitlines()]
texts = [f"Title: {story['title']}\nStory: {story['text']}" for story in stories]
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=learn_vocabulary(texts, 600), bos_token=END_OF_TEXT, eos_token=END_OF_TEXT
)
models = {
    "neo": tiny_neo(len(tokenizer)),
    "neox": tiny_neox(len(tokenizer)),
}
learnt = [torch.tensor([tokenizer(text)["input_ids"][:256]]) for text in texts]
for name, model in models.items():
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step in range(steps):
        ids = learnt[step % len(learnt)]
        model(ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(out / name)
    tokenizer.save_pretrained(out / name)
