"""How often a process looks for garbage that goes in circles. What serves or works all day calls it once, as it begins."""

import gc


def collect_seldom(every: int) -> None:
    """Only after so many objects more. A request makes thousands and a round a hundred thousand, and nearly all of them go
    with it: to look among each few hundred takes a tenth of the time or more, and finds none. What is loaded by now is left
    out for good.
    """
    gc.freeze()
    gc.set_threshold(every, 20, 20)
