"""A link as a QR code: for the terminal, or as a picture."""

from __future__ import annotations

import io

import segno


def terminal(text: str) -> str:
    """Half blocks, readable by a phone's camera from a dark or a light terminal."""
    lines = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(lines, compact=True)
    return lines.getvalue()


def svg(text: str, *, fits: bool = False) -> str:
    """A picture to print or to show; one that ``fits`` is as large as the place it is put into."""
    made = segno.make(text, error="m", micro=False)
    picture = made.svg_inline(scale=8, dark="#000", light="#fff", omitsize=fits)
    return str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
