"""How often a process looks for garbage that goes in circles. What serves or works all day calls it once, as it begins."""

import gc


def collect_seldom(every: int) -> None:
    """Only after so many objects more. A request makes thousands and a round over ten thousand rows more than a hundred
    thousand, and nearly all of them go with it: to look among them takes a tenth of its time, and finds none. What is
    loaded by now is left out for good.
    """
    gc.freeze()
    gc.set_threshold(every, 20, 20)
