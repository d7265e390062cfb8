"""A provider for demonstrations: it believes everybody, but for two names that show what else may happen."""

from __future__ import annotations

from roomserver.identity import Verdict

ODD_NAMES = {"不符": Verdict.WRONG, "停机": Verdict.DOWN}


class Demo:
    """Never for a real room: anybody may call himself anything."""

    def check(self, name: str, number: str) -> Verdict:  # noqa: ARG002  (it is right, whatever it is)
        """Right, unless the name ends in 不符 (wrong) or 停机 (the provider is down)."""
        return next((verdict for odd, verdict in ODD_NAMES.items() if name.endswith(odd)), Verdict.RIGHT)
