"""Plays a story: every sentence at its time, every expectation after it.

An expectation looks at what happened since the last sentence, the waiting for its time included.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from contract.codes import Codes
from door.rules import Rules
from door.simulation.expectations import holds
from door.simulation.keeping import Keeper, Memory, OnDisk
from door.simulation.people import CannotError, Cast
from door.simulation.scene import NotSoError, Scene
from door.simulation.story import Step, Story, StoryError, read
from door.simulation.timeline import Timeline, What
from door.simulation.world import World

DOOR = "virtual"
KEY = hashlib.sha256(b"the key of no door but that of stories").digest()
BEFORE_MS = 10 * 60_000  # so long before the first line power, network and server are there
MINUTE_MS = 60_000


@dataclass(slots=True)
class Played:
    """A story as it went; it failed when something was not as expected."""

    story: Story
    timeline: Timeline
    failures: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures

    def as_json(self) -> Mapping[str, object]:
        """Everything."""
        story = self.story
        return {
            "file": story.name,
            "title": story.title,
            "about": story.about,
            "ok": self.ok,
            "failures": self.failures,
            "timeline": self.timeline.as_json(),
        }


def rules_of(story: Story) -> Rules:
    """The rules of the door in a story."""
    room = story.room
    return Rules(
        DOOR,
        KEY,
        capacity=room.seats,
        when_full="refuse" if room.refuses else "allow",
        has_contact=room.contact,
        has_beams=room.beams,
        has_motion=room.motion,
        has_lights=room.lights,
        has_bell=room.bell,
    )


def play_file(path: Path, *, store: bool = False) -> Played:
    """Play one file; with ``store`` through the real store on a temporary database.

    Raises ``StoryError`` with all that is wrong with it.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise StoryError(
            f"{path}: cannot be read ({error.strerror}); name a story, or a folder of them"
        ) from None
    except UnicodeDecodeError:
        raise StoryError(f"{path}: not a text in UTF-8; save it as UTF-8") from None
    story = read(text, str(path), Codes().time_zone)
    if not store:
        return play(story, lambda _: Memory())
    with tempfile.TemporaryDirectory(prefix="door-story-") as folder:
        return play(story, lambda rules: OnDisk(Path(folder) / "door.db", rules))


def play(story: Story, make_keeper: Callable[[Rules], Keeper]) -> Played:
    """Play it; ``StoryError`` when a line comes while the one before is still going on, or cannot be done."""
    rules = rules_of(story)
    timeline = Timeline(rules.codes.time_zone)
    world = World(rules, make_keeper(rules), timeline, story.begins * 1000 - BEFORE_MS)
    cast = Cast(rules, world.office)
    world.office.capacity, world.office.when_full = rules.capacity, rules.when_full
    for member in story.members:
        cast.join(member.name, member.number)
        world.office.add(member.number, member.kind, world.unix)
    world.around.battery = story.room.battery
    world.power_on()
    played = Played(story, timeline)
    try:
        scene = Scene(world, cast, timeline)
        for step in story.steps:
            _step(step, scene, played)
    finally:
        world.disk.stop()
    return played


def _step(step: Step, scene: Scene, played: Played) -> None:
    if not step.expects:
        scene.timeline.mark = len(scene.timeline.entries)
    if step.at is not None:
        _wait(step, scene, played.story.name)
    if step.note:
        scene.timeline.add(scene.world.unix_ms, What.NOTE, step.note)
    if step.expects:
        _expect(step, scene, played)
        return
    scene.timeline.add(scene.world.unix_ms, What.STORY, step.text, {"line": step.line})
    try:
        step.act(scene, **step.values)
    except NotSoError as error:
        _failed(step, str(error), scene, played)
    except CannotError as error:
        raise StoryError(f"{played.story.name}:{step.line}: {error}") from None


def _wait(step: Step, scene: Scene, name: str) -> None:
    """Until the time of the line; one without seconds waits within its minute for what came before."""
    assert step.at is not None  # asked before
    at, now = step.at * 1000, scene.world.unix_ms
    latest = at if step.exact else at + MINUTE_MS - 1
    if now > latest:
        local = datetime.fromtimestamp(now / 1000, scene.timeline.zone)
        raise StoryError(
            f"{name}:{step.line}: the line above goes on until {local:%H:%M:%S}; write a later time"
        )
    scene.world.until(max(at, now))


def _expect(step: Step, scene: Scene, played: Played) -> None:
    wrong = holds(step.act, scene, dict(step.values))
    if wrong is not None:
        _failed(step, wrong, scene, played)
        return
    text = step.text.removeprefix("expect:").strip()
    scene.timeline.add(scene.world.unix_ms, What.EXPECT, text, {"line": step.line, "holds": True})


def _failed(step: Step, wrong: str, scene: Scene, played: Played) -> None:
    local = datetime.fromtimestamp(scene.world.unix, scene.timeline.zone)
    played.failures.append(f"{played.story.name}:{step.line}: at {local:%H:%M:%S} {wrong}")
    scene.timeline.add(
        scene.world.unix_ms, What.EXPECT, f"NOT SO: {wrong}", {"line": step.line, "holds": False}
    )
