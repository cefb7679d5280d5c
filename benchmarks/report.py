"""What was measured, as a table. For `reconcile`."""

from benchmarks import goals
from benchmarks.rounds import Round, Unchanged

COLUMNS = ("guests", "round", "changed", "calls", "seconds", "guests/s", "CPU ms", "KB/guest")
WIDTHS = (7, 19, 8, 6, 8, 9, 7, 9)
Size = tuple[int, tuple[float, list[Round]]]


def show(sizes: list[Size], naive: float) -> None:
    print(line(*COLUMNS) + "  rows written")
    for guests, (listing, rounds) in sizes:
        for one in rounds:
            print(of_round(guests, one))
        print(line(guests, "(its list alone)", "", 1, f"{listing:.2f}", round(guests / listing)))
    flatness(*sizes)
    reference(sizes[-1], naive)


def show_goals(found: Unchanged) -> None:
    print(
        f"\nNothing changed: {found.round_s * 1000:.0f} ms ({found.round_cpu * 1000:.0f} of a processor); its list fetched "
        f"and read: {found.list_s * 1000:.0f} ms ({found.list_cpu * 1000:.0f})."
    )
    goals.show(
        goals.Goal("a round of nothing changed / its list fetched and read", found.round_s / found.list_s, at_most=2),
        goals.Goal("rows of guests written by rounds of nothing changed", found.rows, at_most=0),
    )


def line(*cells: object) -> str:
    return " ".join(f"{cell:>{width}}" for cell, width in zip(map(str, cells), WIDTHS, strict=False))


def of_round(guests: int, one: Round) -> str:
    per_second, memory = round(guests / one.seconds), f"{one.bytes / guests / 1024:.1f}"
    cells = line(
        guests, one.name, one.changed, one.calls, f"{one.seconds:.2f}", per_second, round(one.cpu * 1000), memory
    )
    return f"{cells}  {', '.join(f'{table} {number}' for table, number in sorted(one.written.items()) if number)}"


def flatness(few: Size, many: Size) -> None:
    """1 is flat: a guest among many costs what it costs among few."""
    print(f"\nA guest among {many[0]}, compared with one among {few[0]} (1 is flat):")
    for small, large in zip(few[1][1], many[1][1], strict=True):
        ratios = [
            getattr(large, what) / many[0] / (getattr(small, what) / few[0]) for what in ("seconds", "cpu", "bytes")
        ]
        print("  {:<20} {:.2f} of the time, {:.2f} of the processor, {:.2f} of the memory".format(large.name, *ratios))


def reference(size: Size, naive: float) -> None:
    guests, (_, rounds) = size
    print(f"\nOne by one, without fsync, a guest is read and saved with its VPS and its event: {naive:.0f} guests/s.")
    for one in rounds:
        print(f"  {one.name:<20} {guests / one.seconds / naive:.1f} times as many guests a second")
