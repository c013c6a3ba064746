"""When models fail: the lessons of a guided set, what each asks a class and what there is to say to it.

Texts here hold no figures: every figure on the page is worked out from stored results or by the models in service.
"""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.teaching.case_references import REFERENCES, Reference


@dataclass(frozen=True)
class Lesson:
    """One case.

    Attributes:
        question: to ask a class before the answer is shown.
        answer: what there is to say, a paragraph each.
        references: keys of `REFERENCES`.
    """

    key: str
    title: str
    question: str
    answer: tuple[str, ...]
    references: tuple[str, ...]


WRONG, MAP, BORDER, THRESHOLD = "confident-and-wrong", "beside-the-lesion", "at-the-border", "two-thresholds"
PREVALENCE, BIAS, UNLIKE = "prevalence", "automation-bias", "not-a-head"

LESSONS = (
    Lesson(
        WRONG,
        "Confident and wrong",
        "Would you follow these answers? What on the scan, or on the map, would make you doubt?",
        (
            "Every answer shown here is wrong. A probability far from the threshold says how far the scan lies from "
            "the model's boundary, not how likely the answer is to be right: networks are often more certain than "
            "they are right, and they have no way to say that they do not know.",
            "The map does not tell either: it shows where the model looked for a tumour, and it looks as convincing "
            "when the answer is wrong.",
        ),
        ("guo", "geirhos"),
    ),
    Lesson(
        MAP,
        "The map lies beside the lesion",
        "The model says 'tumour', and there is one. Does the map show that it found it?",
        (
            "Where the hottest point of the map lies outside the lesion, whose outline is known since it was drawn, it "
            "does not, and the label is right all the same. A right answer can rest on something else: the size of "
            "the ventricles, the contrast, the edge of the head.",
            "Grad-CAM is coarse: a cell of the explained layer covers many pixels, and it is enlarged to the scan's "
            "size. A map beside a lesion is a reason to look twice; a map on the lesion is no proof that the model "
            "knows what a lesion is.",
        ),
        ("selvaraju", "adebayo", "zhang"),
    ),
    Lesson(
        BORDER,
        "A shortcut at the border",
        "Nothing inside the head has changed. Should the probability move? How could a border have come to mean "
        "something to a network?",
        (
            "It should not move. Where it does, something besides the brain counts: what surrounds the head, or what "
            "the border does to crop and grey scale on the way to the network. Public collections come from "
            "several sources, with frames, texts and sizes of their own; where one source gave most of the tumours, "
            "its frame predicts the label, and a network takes whatever predicts.",
            "Preprocessing here crops to the head and looks inside an even white frame, which takes much of this away "
            "before a network sees it. It cannot take away everything that differs between sources: so the table of "
            "baselines shows how far one gets without looking at the brain.",
        ),
        ("geirhos", "zech", "degrave"),
    ),
    Lesson(
        THRESHOLD,
        "One model, two thresholds",
        "Same scans, same probabilities. Which threshold would you take for a worklist that is read by people anyway, "
        "and which to call a patient back?",
        (
            "A lower threshold misses fewer tumours and alarms more often; a higher one the reverse. No threshold is "
            "right in itself: it follows from what a miss and a false alarm cost, and from how many patients are ill.",
            "A threshold has to be fixed on other scans than those that it is judged on. One that was chosen on the "
            "scans at hand looks better than it is.",
        ),
        ("altman",),
    ),
    Lesson(
        PREVALENCE,
        "The same model in another clinic",
        "Sensitivity and specificity stay as they are. In a screening population one person in a hundred has a tumour: "
        "how many of the alarms are right?",
        (
            "Mostly few. Predictive values depend on how common the disease is: where it is rare, the false alarms of "
            "the many healthy soon outnumber the true ones of the few ill. A model without a single false alarm here "
            "is no exception: the interval of its PPV says how few scans that was seen on.",
            "An accuracy that was measured on a collection with as many tumours as this one says little about a "
            "clinic. And where patients differ, sensitivity and specificity themselves may not stay as they are.",
        ),
        ("altman", "zech"),
    ),
    Lesson(
        BIAS,
        "Automation bias",
        "You have read a scan as normal. The model says 'tumour'. What do you do, and what would you do at the end of "
        "a long day?",
        (
            "Readers follow a machine more often than they should, the inexperienced most of all, but not they alone: "
            "they take over its wrong answers (commission) and overlook what it does not mark (omission). The table "
            "shows how often a model here was sure and wrong.",
            "What helps: read first and commit to an answer; know how often the model is wrong on scans like yours; "
            "never take its silence for a clearance.",
        ),
        ("goddard", "dratsch"),
    ),
    Lesson(
        UNLIKE,
        "Not a head at all",
        "What would a classifier with two classes, 'tumour' and 'no tumour', say of a chest film, an animal or noise?",
        (
            "One of the two: it has no third class, and its probability need not lie near the threshold. BRAIN puts a "
            "gate before the answer: where a picture lies too far from the training scans in the model's own features, "
            "it is not classified.",
            "The gate is no safeguard against everything: it lets some pictures pass and stops some heads, more of "
            "them from another collection. Whoever sends the scan still has to look at it.",
        ),
        ("sun", "guo"),
    ),
)


def lesson(key: str) -> Lesson:
    """The lesson of that key.

    Raises:
        KeyError: there is none.
    """
    return {each.key: each for each in LESSONS}[key]


def references_of(of: Lesson) -> tuple[Reference, ...]:
    """What a lesson goes by, in the order of `REFERENCES`."""
    return tuple(each for each in REFERENCES if each.key in of.references)
