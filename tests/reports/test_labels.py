from __future__ import annotations

import itertools

from reports.labels import CHARACTER, LINE, Label, layout

SIDE = 290


def box(label: Label, spot: tuple[float, float], name: str) -> tuple[float, float, float, float]:
    width = CHARACTER * len(name)
    left = spot[0] + float(label.dx) - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    middle = spot[1] + float(label.dy) - 4
    return left, middle - LINE / 2, left + width, middle + LINE / 2


def test_names_of_crowded_points_neither_overlap_nor_leave_the_plot() -> None:
    names = ["oracle", "train-nearest", "same-class-random", "onehot-biggan", "biggan-logit", "dosovitskiy-brox-2016a"]
    spots = [(290.0, 0.0), (284.0, 30.0), (272.0, 34.0), (280.0, 40.0), (268.0, 70.0), (260.0, 100.0)]
    boxes = [box(label, s, n) for label, s, n in zip(layout(names, spots, SIDE), spots, names, strict=True)]
    for left, top, right, bottom in boxes:
        assert left >= -1
        assert top >= -8
        assert right <= SIDE + 1
        assert bottom <= SIDE + 8
    for a, b in itertools.combinations(boxes, 2):
        assert min(a[2], b[2]) <= max(a[0], b[0]) or min(a[3], b[3]) <= max(a[1], b[1])


def test_a_lone_point_has_its_name_beside_it() -> None:
    (label,) = layout(["ridge"], [(100, 100)], SIDE)
    assert (label.anchor, label.leader) == ("start", False)
