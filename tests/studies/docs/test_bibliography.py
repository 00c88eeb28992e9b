from __future__ import annotations

from studies.docs.bibliography import FILE, Paper, cited, papers


def test_every_entry_is_read() -> None:
    known = papers()
    assert len(known) == FILE.read_text(encoding="utf-8").count("\n@") + 1
    for paper in known.values():
        assert paper.year.isdigit()
        assert paper.title
        assert not set("{}\\") & set(f"{paper.title}{paper.short}")


def test_a_paper_is_cited_by_its_authors_with_where_to_read_it() -> None:
    assert (
        cited(["he2016deep"])
        == "[He et al. 2016](https://arxiv.org/abs/1512.03385), *Deep Residual Learning for Image Recognition*"
    )
    assert cited(["engstrom2019adversarial"]).startswith("[Engstrom et al. 2019](https://arxiv.org/abs/1906.00945)")
    assert cited(["wang2004image"]).startswith("[Wang et al. 2004](https://doi.org/10.1109/TIP.2003.819861)")
    assert cited(["torchvision2016library"]).startswith(
        "[TorchVision maintainers and contributors 2016](https://github"
    )
    assert (
        cited(["krizhevsky2009learning", "nobody"])
        == "Krizhevsky 2009, *Learning Multiple Layers of Features from Tiny Images*"
    )


def test_one_two_and_more_authors() -> None:
    assert Paper(("A",), "2000", "t", "").short == "A 2000"
    assert Paper(("A", "B"), "2000", "t", "").short == "A & B 2000"
    assert Paper(("A", "B", "others"), "2000", "t", "").short == "A et al. 2000"


def test_accents_are_letters() -> None:
    assert cited(["kynkaanniemi2019improved"]).startswith(
        "[Kynkäänniemi et al. 2019](https://arxiv.org/abs/1904.06991)"
    )
