"""How often Python looks for garbage."""

import gc

from newsletter.foundation.garbage import look_for_garbage_seldom


def test_garbage_is_looked_for_after_many_objects_and_older_ones_as_before() -> None:
    before = gc.get_threshold()
    try:
        look_for_garbage_seldom()
        assert gc.get_threshold() == (50_000, *before[1:])
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)
