"""How the probes of this package answer their questions, in sentences that a report fills with what was measured.

They stand apart from the probes, whose files decide a record's key: a better sentence makes no record stale. A probe
from outside says it in a class attribute of its own, ``answers``.
"""

from __future__ import annotations

from bench.cards import Answer

CHANGES = ("falls", "rises", "shows no change")
_MORE = "Of what all logits add to the largest one alone, by LPIPS,"
_BELOW = "; below 0, the largest logit alone does better"


def _ends(name: str, key: str, ends: tuple[str, str]) -> Answer:
    """What becomes of a measure from one end of the levels to the other."""
    low, high = (f"{name} {end}" for end in ends)
    words = f"From {low} to {high} {key} {{is}}, from {{0}} to {{1}}."
    return Answer(words.replace("-", "\N{MINUS SIGN}"), ((key, low), (key, high)), CHANGES)


def _manipulated(name: str, done: str, ends: tuple[str, str]) -> tuple[Answer, ...]:
    """How far the strongest change takes the picture, and what it does to its look."""
    high = f"{name} {ends[1]}"
    far = Answer(
        f"{done}, the reconstruction keeps its class by the judge in {{0}} of the images and moves by {{1}} in LPIPS.",
        (("class_judge_neutral", high), ("lpips_neutral", high)),
    )
    return far, *(_ends(name, look, ends) for look in ("contrast", "sharpness", "luminance"))


ANSWERS: dict[str, tuple[Answer, ...]] = {
    "noise": (
        Answer(
            "Another draw of the noise moves the picture by {0} in LPIPS; the judge sees the same class in both in {1} "
            "of the pairs.",
            (("diversity", ""), ("class_judge_draws", "")),
        ),
        Answer(
            "A single draw lies {0} from its original; the classifier itself sees the same class in both in {1} of the "
            "pairs.",
            (("lpips", "draw 1"), ("class_target_draws", "")),
        ),
    ),
    "shift": _manipulated("shift", "Shifted by twice the logits' spread", ("-2", "2")),
    "scale": _manipulated("scale", "Scaled by 4", ("0.25", "4")),
    "perturb": (
        Answer(
            "Under noise of half the logits' spread the reconstruction keeps its class by the judge in {0} of the "
            "images, under noise of twice the spread in {1}.",
            (("class_judge_neutral", "perturb 0.5"), ("class_judge_neutral", "perturb 2")),
        ),
        Answer(
            "It moves by {0} and by {1} in LPIPS.",
            (("lpips_neutral", "perturb 0.5"), ("lpips_neutral", "perturb 2")),
        ),
    ),
    "interpolate": (
        Answer(
            "In the middle of the linear path the judge gives the first image's class a probability of {0} and the "
            "second's {1}.",
            (("judge_probability_first", "linear 0.5"), ("judge_probability_second", "linear 0.5")),
        ),
        Answer(
            "The spherical path is {is} the linear one: its mean step is {1} of the way between the ends, that of the "
            "linear one {0}; eight even steps would be 0.016 each.",
            (("relative_step_linear", ""), ("relative_step_spherical", "")),
            ("more even than", "less even than", "neither more nor less even than"),
        ),
    ),
    "misclassified": (
        Answer(
            "In the reconstructions of misclassified images the judge sees {is}: the true class in {1}, the predicted "
            "one in {0}.",
            (("class_judge_given", "misclassified"), ("reid_label_judge", "misclassified")),
            (
                "more often what the classifier took them for",
                "more often what they show",
                "neither of the two more often",
            ),
        ),
    ),
    "adversarial": (
        Answer(
            "In the reconstructions of attacked images the judge sees {is}: the true class in {1}, the one that the "
            "attack made of it in {0}.",
            (("class_judge_given", "attacked"), ("reid_label_judge", "attacked")),
            ("more often what the attack made of them", "more often what they show", "neither of the two more often"),
        ),
        Answer(
            "Attacked, the reconstruction moves by {0} in LPIPS, the image itself by {1}.",
            (("lpips_neutral", "attacked"), ("lpips_input", "attacked")),
        ),
    ),
    "ood": (
        Answer("The LPIPS between reconstruction and original is {0}.", (("lpips", "*"),)),
        Answer("The relative error of the logits is {0}.", (("logit_error", "*"),)),
    ),
    "transform": (
        Answer(
            "The classifier's logits move least under {0} and most under {1}.",
            (("logit_move", "<"), ("logit_move", ">")),
            origin="none",
        ),
        Answer(
            "The reconstruction moves least under {0} and most under {1}, by LPIPS.",
            (("lpips_neutral", "<"), ("lpips_neutral", ">")),
            origin="none",
        ),
    ),
    "iterate": (
        Answer(
            "From round 1 to round 10 the share in which the judge sees the original's class {is}, from {0} to {1}.",
            (("reid_class_judge", "round 1"), ("reid_class_judge", "round 10")),
            CHANGES,
        ),
        Answer(
            "The distance from the original in LPIPS {is}, from {0} to {1}.",
            (("lpips", "round 1"), ("lpips", "round 10")),
            ("shrinks", "grows", "shows no change"),
        ),
    ),
    "truncate": (
        Answer(
            f"{_MORE} the five largest keep {{0}}.",
            (("kept_lpips", "top 5"),),
        ),
        Answer("By the cosine of the logits they keep {0}.", (("kept_logit_cosine", "top 5"),)),
        Answer(
            "From all logits to the five largest the LPIPS to the original {is}, from {0} to {1}.",
            (("lpips", "all logits"), ("lpips", "top 5")),
            CHANGES,
        ),
    ),
    "round": (
        Answer(
            f"{_MORE} whole numbers keep {{0}}, tens {{1}}{_BELOW}.",
            (("kept_lpips", "decimals 0"), ("kept_lpips", "decimals -1")),
        ),
        Answer(
            "From all digits to whole numbers the LPIPS to the original {is}, from {0} to {1}.",
            (("lpips", "all logits"), ("lpips", "decimals 0")),
            CHANGES,
        ),
        Answer(
            "The cosine of the logits {is}, from {0} to {1}.",
            (("logit_cosine", "all logits"), ("logit_cosine", "decimals 0")),
            CHANGES,
        ),
    ),
    "probabilities": (
        Answer(
            f"{_MORE} probabilities of two decimals keep {{0}}, of six decimals {{1}}.",
            (("kept_lpips", "T 1 decimals 2"), ("kept_lpips", "T 1 decimals 6")),
        ),
        Answer(
            "Exact probabilities lose the mean of an image's logits alone: the LPIPS to the original {is}, from {0} to "
            "{1}.",
            (("lpips", "all logits"), ("lpips", "T 1 all")),
            CHANGES,
        ),
        Answer(
            "Two decimals keep {0} at temperature 0.5 and {1} at temperature 2.",
            (("kept_lpips", "T 0.5 decimals 2"), ("kept_lpips", "T 2 decimals 2")),
        ),
        Answer(
            "Exact probabilities at a temperature of 2 that is not told keep {0}, of 0.5 {1}.",
            (("kept_lpips", "untold T 2"), ("kept_lpips", "untold T 0.5")),
        ),
    ),
    "information": (
        Answer(
            "The logits tell {0} bits of an image, {1} a dimension; as the difference of two bounds this is an "
            "estimate, no bound.",
            (("information", "logits"), ("information_per_dim", "logits")),
        ),
        Answer(
            "Told the mean logits of the predicted class in place of its own, {is}: {1} bits are told in place of {0}.",
            (("information", "logits"), ("information", "class")),
            ("less is told", "more is told", "no less is seen to be told"),
        ),
        Answer(
            "Another image's logits tell {1} bits, and nothing tells {0}: the control {is}.",
            (("information", "none"), ("information", "shuffled")),
            (
                "lies below zero, as it should",
                "lies above zero, so that the model without logits is too poor and all differences are too large",
                "cannot be told from zero",
            ),
        ),
        Answer(
            "Trained with seed 2 in place of 1 {is}: {1} bits in place of {0}.",
            (("information", "seed 1"), ("information", "seed 2")),
            ("less is told", "more is told", "no difference is seen"),
        ),
    ),
}
