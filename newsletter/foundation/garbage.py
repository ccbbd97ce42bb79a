"""How often Python looks for garbage."""

import gc

_OBJECTS_BETWEEN_LOOKS = 50_000


def look_for_garbage_seldom() -> None:
    """Lets this process make 50,000 objects before Python looks for those that only hold each other, where 700 are usual.

    What sends or imports makes that many in a second, and next to none of them are garbage of that kind: looking for
    it took a twentieth of sending, and a tenth of importing. For the start of a program.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
