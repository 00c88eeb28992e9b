import numpy as np

from bench.datasets.rounds import places, ranks, rounds
from bench.seeding import seed_of


def test_rounds_are_those_of_plain_lists() -> None:
    rng = np.random.default_rng(0)
    names = [f"image-{k}" for k in range(500)]
    labels = rng.integers(0, 7, 500)
    place = places("some", names)
    assert place.tolist() == [seed_of("some", name) for name in names]
    classes = {k: sorted(np.flatnonzero(labels == k).tolist(), key=lambda row: place[row]) for k in range(7)}
    wanted = []
    for turn in range(max(map(len, classes.values()))):
        wanted += sorted((rows[turn] for rows in classes.values() if turn < len(rows)), key=lambda row: place[row])
    assert rounds(labels, place).tolist() == wanted
    assert all(classes[labels[row]][rank] == row for row, rank in enumerate(ranks(labels, place)))


def test_an_order_does_not_depend_on_how_the_names_come() -> None:
    names, labels = np.array([f"image-{k}" for k in range(60)]), np.arange(60) % 4
    mixed = np.random.default_rng(1).permutation(60)
    order, other = (
        some[rounds(those, places("some", some))] for some, those in ((names, labels), (names[mixed], labels[mixed]))
    )
    assert order.tolist() == other.tolist()


def test_nothing_has_an_order() -> None:
    assert rounds(np.empty(0, np.int64), places("some", [])).tolist() == []
