from gpiozero.pins import Factory, Pin

class LGPIOPin(Pin):
    factory: LGPIOFactory
    _number: int

class LGPIOFactory(Factory):
    pin_class: type[LGPIOPin]
    _handle: int
    def __init__(self, chip: int | None = ...) -> None: ...
