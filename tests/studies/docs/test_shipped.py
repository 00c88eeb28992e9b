from __future__ import annotations

from studies.docs import shipped


def test_weights_are_found_by_what_takes_them() -> None:
    assert {facts["classifier"] for facts in shipped.of_method("biggan-logit")} >= {"resnet152", "robust_resnet152"}
    assert shipped.of_method("class-mean") == shipped.of_method("ridge")
    assert shipped.of_method("oracle") == []


def test_every_entry_names_its_file_and_licence() -> None:
    assert all({"file", "sha256", "licence"} <= facts.keys() for facts in shipped.manifest().values())
