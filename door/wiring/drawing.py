"""What an SVG is made of here: texts, boxes and wires, in the colours of the product."""

from __future__ import annotations

from xml.sax.saxutils import escape

STYLE = """
text { font-family: system-ui, "Noto Sans", "DejaVu Sans", sans-serif; font-size: 13px; fill: #1F2328; }
.title { font-size: 20px; font-weight: 600; }
.name { font-size: 15px; font-weight: 600; }
.small { font-size: 12px; fill: #5A5F66; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
.label { paint-order: stroke; stroke: #FBF8F2; stroke-width: 4px; stroke-linejoin: round; }
.off { fill: #8A8D91; }
.thing { fill: #FFFFFF; stroke: #1F2328; }
.board { fill: #EAF2EE; stroke: #1F6F54; }
.line { fill: none; stroke: #1F2328; stroke-width: 1.5; }
.solid { fill: #1F2328; stroke: #1F2328; stroke-width: 1.5; stroke-linejoin: round; }
.gap { fill: none; stroke: #FBF8F2; stroke-width: 5; }
.wire { fill: none; stroke-width: 2; stroke-linejoin: round; }
"""


class Drawing:
    """An SVG in the making."""

    def __init__(self, title: str, about: str) -> None:
        self._title, self._about = title, about
        self._body: list[str] = []

    def text(self, x: float, y: float, text: str, style: str = "") -> None:
        """One line; ``y`` is its foot."""
        self._body.append(f'<text class="{style}" x="{x:g}" y="{y:g}">{escape(text)}</text>')

    def box(self, x: float, y: float, width: float, height: float, style: str = "thing") -> None:
        """A rounded box."""
        self._body.append(
            f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>'
        )

    def dot(self, x: float, y: float, colour: str) -> None:
        """Where a wire ends; white for a pin that has none."""
        self._body.append(f'<circle cx="{x:g}" cy="{y:g}" r="5" fill="{colour}" stroke="#1F2328"/>')

    def path(self, path: str, style: str, colour: str | None = None) -> None:
        """A line."""
        stroke = f' stroke="{colour}"' if colour else ""
        self._body.append(f'<path class="{style}" d="{path}"{stroke}/>')

    def svg(self, width: int, height: int) -> str:
        """The whole file."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-labelledby="t d">\n'
            f'<title id="t">{escape(self._title)}</title>\n<desc id="d">{escape(self._about)}</desc>\n'
            f'<style>{STYLE}</style>\n<rect width="{width}" height="{height}" fill="#FBF8F2"/>\n'
        )
        return head + "\n".join(self._body) + "\n</svg>\n"
