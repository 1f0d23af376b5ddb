"""`sample`: writes texts in batches with any causal language model, as `generate` asks for them.

The same settings mean what they mean in llama.cpp: the distribution is cut to topK, topP and minP first and
tempered after. Each request draws from a generator of its own seed, so its text does not follow from its neighbours
(but for the last bits of the logits, which a batch of another shape may round otherwise).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from .events import UserError, emit
from .json_lines import read_lines
from .models import context_of, load_model, load_tokenizer
from .settings import one_of, positive, settled

DEFAULTS = {
    "batch": 8,  # texts at a time
    "precision": "fp32",  # fp32 or bf16
    "threads": None,
}


@dataclass(frozen=True)
class Request:
    """One text to be written. Names and meanings are those of a study's `generate` settings."""

    id: str
    prompt: str
    seed: int
    temperature: float = 1.0  # 0 is greedy
    top_p: float = 1.0
    top_k: int = 0  # 0: the whole vocabulary
    min_p: float = 0.0
    repeat_penalty: float = 1.0  # on the last 64 tokens written
    least_tokens: int = 0  # until then neither the end of text nor the stop is written
    most_tokens: int = 200
    stop: str = ""  # the text ends where the model begins to write this


@dataclass
class Text:
    """What was written. `end`: `stop`, `end of text`, or `limit`. `raw` has the stop, `text` has it not."""

    id: str
    text: str = ""
    raw: str = ""
    end: str = ""
    prompt_tokens: int = 0
    generated_tokens: int = 0
    log_probability: float | None = None  # mean over the tokens, natural logarithm, at temperature 1


@dataclass
class Pen:
    """A text in the making. `banned[place]`: tokens that may not stand there, given what stands before."""

    request: Request
    prompt: list[int]
    generator: torch.Generator
    tokens: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    banned: dict[int, set[int]] = field(default_factory=dict)
    end: str = ""
    again: bool = False  # tokens were taken back: what the model remembers of it is too long


def sample(config: dict) -> None:
    """Reads requests, JSON Lines from the file `requests` or `-` for stdin; one `generation` event for each."""
    settings = settled(config, DEFAULTS, ("model", "requests"))
    one_of("precision", settings.precision, ("fp32", "bf16"))
    positive("batch", settings.batch)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    requests = read_lines(
        settings.requests,
        lambda row: Request(**row),
        missing="Name a JSON Lines file, or - for stdin.",
        fields=", ".join(Request.__dataclass_fields__),
    )
    model = load_model(settings.model, torch.bfloat16 if settings.precision == "bf16" else torch.float32)
    model = model.to("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = load_tokenizer(settings.model)
    emit("start", model=settings.model, architecture=model.config.model_type, parameters=sum(p.numel() for p in model.parameters()), context=context_of(model), requests=len(requests))
    began, tokens = time.monotonic(), 0
    for number, text in enumerate(write_texts(model, tokenizer, requests, settings.batch), start=1):
        tokens += text.generated_tokens
        seconds = time.monotonic() - began
        emit("generation", **vars(text))
        emit("progress", step=number, steps=len(requests), tokens_per_second=round(tokens / seconds, 1), seconds_left=round(seconds / number * (len(requests) - number)))
    emit("done", texts=len(requests), tokens=tokens)


@torch.no_grad()
def write_texts(model, tokenizer, requests: list[Request], batch: int = 8) -> Iterator[Text]:
    """The texts, as they come to their end. Leaves the model in the mode it was in."""
    training = model.training
    model.eval()
    waiting = [open_pen(request, tokenizer, context_of(model)) for request in requests]
    try:
        while waiting:
            pens, waiting = waiting[:batch], waiting[batch:]
            write_batch(model, tokenizer, pens)
            # Those who took a token back go on in a later batch, from what is left of their text.
            for pen in pens:
                pen.again = False
            waiting = [pen for pen in pens if not pen.end] + waiting
            yield from (closed(pen, tokenizer) for pen in pens if pen.end)
    finally:
        model.train(training)


def open_pen(request: Request, tokenizer, context: int) -> Pen:
    prompt = tokenizer(request.prompt, add_special_tokens=False)["input_ids"] or [tokenizer.eos_token_id]
    if len(prompt) + request.most_tokens > context:
        raise UserError(
            f"{request.id}: a prompt of {len(prompt)} tokens and a text of {request.most_tokens} do not fit into the {context} that the model holds.",
            "Take fewer or shorter examples, or fewer tokens.",
        )
    return Pen(request, prompt, torch.Generator().manual_seed(request.seed))


def write_batch(model, tokenizer, pens: list[Pen]) -> None:
    """Goes on with all of them in step, padded on the left, until each has ended or has taken something back."""
    begun = [pen.prompt + pen.tokens for pen in pens]
    longest = max(map(len, begun))
    fed = torch.tensor([[tokenizer.pad_token_id] * (longest - len(ids)) + ids for ids in begun], device=model.device)
    mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for ids in begun], device=model.device)
    cache = None
    while any(not pen.end and not pen.again for pen in pens):
        positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -fed.shape[1] :]
        result = model(fed, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
        cache = result.past_key_values
        logits = result.logits[:, -1].float().cpu()
        chosen = [step(pen, row, tokenizer) if not pen.end and not pen.again else tokenizer.pad_token_id for pen, row in zip(pens, logits)]
        fed = torch.tensor(chosen, device=model.device)[:, None]
        mask = torch.cat([mask, mask.new_ones(len(pens), 1)], dim=1)


def step(pen: Pen, logits: torch.Tensor, tokenizer) -> int:
    """Draws one token, and sees whether the text has come to its end."""
    token = draw(pen, logits)
    pen.tokens.append(token)
    pen.scores.append(float(logits.log_softmax(-1)[token]))
    least, most = pen.request.least_tokens, pen.request.most_tokens
    if token == tokenizer.eos_token_id:
        if len(pen.tokens) <= least:
            take_back(pen, len(pen.tokens) - 1)
        else:
            pen.end = "end of text"
        return token
    place = stop_place(pen, tokenizer)
    if place is not None and place < least:
        take_back(pen, place)
    elif place is not None:
        pen.end = "stop"
    elif len(pen.tokens) >= most:
        pen.end = "limit"
    return token


def draw(pen: Pen, logits: torch.Tensor) -> int:
    request = pen.request
    logits = logits.clone()
    if request.repeat_penalty != 1.0 and pen.tokens:
        recent = torch.tensor(sorted(set(pen.tokens[-64:])))
        values = logits[recent]
        logits[recent] = torch.where(values > 0, values / request.repeat_penalty, values * request.repeat_penalty)
    banned = pen.banned.get(len(pen.tokens))
    if banned:
        logits[sorted(banned)] = -torch.inf
    if request.temperature == 0:
        return int(logits.argmax())
    shares, order = logits.softmax(-1).sort(descending=True)
    kept = torch.ones_like(shares, dtype=torch.bool)
    if request.top_k > 0:
        kept[request.top_k :] = False
    kept &= shares.cumsum(-1) - shares < request.top_p
    kept &= shares >= request.min_p * shares[0]
    kept[0] = True
    tempered = torch.where(kept, shares.log() / request.temperature, -torch.inf).softmax(-1)
    return int(order[torch.multinomial(tempered, 1, generator=pen.generator)])


def take_back(pen: Pen, place: int) -> None:
    """Forgets the tokens from `place` on, and never puts the one there again."""
    token = pen.tokens[place]
    pen.banned = {at: tokens for at, tokens in pen.banned.items() if at <= place}
    pen.banned.setdefault(place, set()).add(token)
    del pen.tokens[place:], pen.scores[place:]
    pen.again = True


def stop_place(pen: Pen, tokenizer) -> int | None:
    """The token with which the stop begins, where the text has just come to it; not inside a word (`Subtitle:`)."""
    stop = pen.request.stop
    if not stop:
        return None
    first = max(0, len(pen.tokens) - len(stop.encode()) - 8)
    tail = tokenizer.decode(pen.tokens[first:])
    at = tail.rfind(stop)
    if at < 0 or (at > 0 and tail[at - 1].isalnum()):
        return None
    place = len(pen.tokens)
    while place > first and len(tokenizer.decode(pen.tokens[first:place])) > at:
        place -= 1
    return place


def closed(pen: Pen, tokenizer) -> Text:
    ended = pen.tokens[:-1] if pen.end == "end of text" else pen.tokens
    raw = tokenizer.decode(ended)
    text = raw[: raw.rfind(pen.request.stop)] if pen.end == "stop" else raw
    return Text(
        id=pen.request.id,
        text=text,
        raw=raw,
        end=pen.end,
        prompt_tokens=len(pen.prompt),
        generated_tokens=len(ended),
        log_probability=sum(pen.scores) / len(pen.scores) if pen.scores else None,
    )
