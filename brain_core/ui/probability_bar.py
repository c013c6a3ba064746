"""A probability on a bar whose middle is the operating point."""

from __future__ import annotations

from brain_core.ui import theme

STYLE = """
.brain-bar {position: relative; height: .75rem; border-radius: .375rem; margin: 1.7rem .5rem 2.1rem;
  background: color-mix(in srgb, currentColor 14%, transparent)}
.brain-bar > * {position: absolute}
.brain-bar .fill {top: 0; bottom: 0}
.brain-bar .limit {top: -.35rem; bottom: -.35rem; left: 50%; width: 2px; margin-left: -1px; background: currentColor}
.brain-bar .mark {top: 50%; width: 1.1rem; height: 1.1rem; border-radius: 50%; border: 2px solid currentColor;
  transform: translate(-50%, -50%); box-sizing: border-box}
.brain-bar .text {font-size: .8125rem; line-height: 1; white-space: nowrap; transform: translateX(-50%); opacity: .85}
.brain-bar .above {top: -1.4rem} .brain-bar .below {top: 1.2rem}
"""


def position(probability: float, threshold: float) -> float:
    """Where a probability stands on the bar, 0 (left end) to 1; the threshold stands in the middle.

    Each half is linear: 0..threshold on the left, threshold..1 on the right.
    """
    if probability < threshold:
        return 0.5 * probability / threshold
    return 1.0 if threshold >= 1 else 0.5 + 0.5 * (probability - threshold) / (1 - threshold)


def html(probability: float, threshold: float) -> str:
    """The bar with its scale and a text alternative; wants `STYLE`."""
    color = theme.LABEL_COLORS["tumor" if probability >= threshold else "no tumor"]
    x = 100 * position(probability, threshold)
    left, right = min(x, 50), max(x, 50)
    told = (
        f"Probability of a tumour {probability:.3f} on a scale from 0 to 1, with the threshold {threshold:.3f} "
        "in the middle; each side of it has its own linear scale."
    )
    return f"""
<div class="brain-bar" role="img" aria-label="{told}" title="{told}">
  <span class="fill" style="left:{left:.2f}%;width:{right - left:.2f}%;background:{color}"></span>
  <span class="limit"></span>
  <span class="mark" style="left:{x:.2f}%;background:{color}"></span>
  <span class="text above" style="left:50%">threshold {threshold:.2f}</span>
  <span class="text below" style="left:0">0</span>
  <span class="text below" style="left:25%">no tumour</span>
  <span class="text below" style="left:75%">tumour</span>
  <span class="text below" style="left:100%">1</span>
</div>"""
