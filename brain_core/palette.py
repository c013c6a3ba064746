"""The colours, words and signs that screens and figures share."""

# Okabe and Ito (2008): told apart in every kind of colour vision, and by lightness in print. Each reads on a dark
# and on a light background as a mark; words stay in the text colour.
ORANGE, SKY_BLUE, BLUISH_GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILION, REDDISH_PURPLE = "#0072B2", "#D55E00", "#CC79A7"
NEUTRAL = "#8A939E"  # grey, in both themes

LABEL_COLORS = {"tumor": ORANGE, "no tumor": SKY_BLUE}
LABEL_WORDS = {"tumor": "Tumour", "no tumor": "No tumour"}
LABEL_SHAPES = {"tumor": "▲", "no tumor": "●"}  # so that colour is never the only sign

# Of models, with dashes beside them where lines are drawn: colour is never the only sign.
MODEL_COLORS = {"custom_cnn": BLUE, "resnet50": VERMILION, "ensemble": REDDISH_PURPLE}
