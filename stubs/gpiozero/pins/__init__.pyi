from collections.abc import Callable

class PinInfo:
    name: str

class Pin:
    function: str
    state: bool
    pull: str
    edges: str
    when_changed: Callable[[float, int], None] | None
    @property
    def info(self) -> PinInfo: ...
    def output_with_state(self, state: bool) -> None: ...

class Factory:
    def pin(self, name: int) -> Pin: ...
    def close(self) -> None: ...
