"""The scene of a story: the world and its people, and how fast a person types and walks."""

from __future__ import annotations

from door.simulation.people import Cast, Person
from door.simulation.phrases import Code
from door.simulation.timeline import Timeline, What
from door.simulation.world import STEP_MS, World

KEY_MS = 300
SECOND_AFTER_MS = 2_000  # to find the second code on the page
TO_THE_HANDLE_MS = 1_000
THROUGH_MS = 1_500
FALLS_SHUT_MS = 3_000


class NotSoError(Exception):
    """What the story expects is not so; ``str(error)`` says what is."""


class Scene:
    """Everything a sentence can move or look at."""

    def __init__(self, world: World, cast: Cast, timeline: Timeline) -> None:
        self.world, self.cast, self.timeline = world, cast, timeline

    def person(self, name: str) -> Person:
        """Somebody by name."""
        return self.cast.people[name]

    def number(self, name: str) -> str:
        """A member's number."""
        number = self.person(name).number
        if number is None:
            raise NotSoError(f"{name} is a member, but that is somebody without a number")
        return number

    def type(self, name: str, code: Code) -> None:
        """Type at the pace of a person."""
        attempts = self.cast.digits(self.person(name), code, self.world.unix)
        for n, digits in enumerate(attempts):
            self.world.wait(SECOND_AFTER_MS if n else 0)
            self.press(digits)

    def press(self, keys: str) -> None:
        """One key after the other; without power nobody hears them."""
        for key in keys:
            self.world.wait(KEY_MS)
            if self.world.around.power:
                self.world.door.press(key)

    def ring(self) -> None:
        """Hold the star until the bell rings."""
        self.world.hold("*")

    def go_in(self) -> None:
        """Push the door, go through, let it fall shut."""
        self.world.wait(TO_THE_HANDLE_MS)
        if not (self.world.witness.unlocked or self.world.contact_open):
            raise NotSoError("expected the lock to be open to go in, but it is closed")
        self.pass_through(inward=True)

    def pass_through(self, *, inward: bool) -> None:
        """The leaf opens, somebody passes, the leaf closes."""
        self.world.move(True)
        self.world.wait(THROUGH_MS)
        self.world.cross(inward)
        self.world.wait(FALLS_SHUT_MS - 3 * STEP_MS)
        self.world.move(False)

    def cues(self) -> list[str]:
        """What was shown since the last sentence began, without the click of the keys."""
        return [entry.text for entry in self.timeline.since(What.CUE)]
