"""Walks by chance alone: quicker than Hypothesis, which tries what is like what it has tried."""

from __future__ import annotations

import random

from walk.gaps import BEYOND, SHORT, WITHIN_MINUTES
from walk.scenes import SCENES
from walk.walker import WEIGHTS, Gesture


def drawn(seed: int) -> tuple[int, list[Gesture]]:
    """A door, and what happens there."""
    chance = random.Random(seed)

    def gap() -> int:
        among = chance.choices((SHORT, WITHIN_MINUTES, BEYOND), (8, 5, 1))[0]
        return chance.choice(among)

    def one() -> Gesture:
        return Gesture(chance.choice(WEIGHTS), chance.randrange(8), chance.randrange(8), gap())

    scene = chance.choice(SCENES)
    return chance.choice(scene.doors), [*scene.gestures, *(one() for _ in range(chance.randint(10, 40)))]
