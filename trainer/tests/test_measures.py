import math

import pytest

from tinylove_trainer.measures import Copying, distinct, entropy, pronoun_share, repetition


def test_a_loop_repeats_and_is_poor():
    loop = ["I " * 40]
    assert repetition(loop) == pytest.approx(1 - 1 / 37)
    assert pronoun_share(loop) == 1
    assert distinct(loop, 1) == 1 / 40
    assert entropy(loop) == 0
    assert repetition(["." * 40]) == pytest.approx(1 - 1 / 37)


def test_prose_without_repetition():
    text = ["The baker kept a key that nobody knew, and we laughed."]
    assert repetition(text) == 0
    assert distinct(text, 2) == 1
    assert entropy(text) == pytest.approx(math.log2(11))
    assert pronoun_share(["I'm sure she's here"]) == 0.5


def test_what_is_copied_is_found():
    copying = Copying(["one two three four five six seven eight nine ten", "other words stand here"])
    assert copying.longest(["so it was: two, three, four five six!"]) == 5
    assert copying.share(["one two three four five six seven eight nine"]) == 1
    assert copying.share(["nine eight seven six five four three two one"]) == 0
    assert copying.longest(["nothing of that"]) == 0
    assert copying.longest(["ten other words"]) == 2  # a run does not pass from one story into the next
