"""Walks by Hypothesis, which finds the simplest that goes wrong."""

from __future__ import annotations

from hypothesis import strategies as st

from walk.doors import DOORS
from walk.gaps import BEYOND, SHORT, WITHIN_MINUTES
from walk.scenes import SCENES, Scene
from walk.walker import WEIGHTS, Gesture

small = st.integers(0, 7)
gap = st.one_of(st.sampled_from(SHORT), st.sampled_from(SHORT), st.sampled_from(WITHIN_MINUTES))
gap = st.one_of(*[gap] * 12, st.sampled_from(BEYOND))
one = st.builds(Gesture, st.sampled_from(["waits", *WEIGHTS]), small, small, gap)  # simplest: nothing
doors = st.integers(0, len(DOORS) - 1)


def begun(scene: Scene) -> st.SearchStrategy[tuple[int, list[Gesture]]]:
    """Walks that begin so."""
    rest = st.lists(one, min_size=15, max_size=50)
    return st.tuples(st.sampled_from(scene.doors), rest.map(lambda gestures: [*scene.gestures, *gestures]))


walks = st.sampled_from(SCENES).flatmap(begun)
