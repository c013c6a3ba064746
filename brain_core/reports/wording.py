"""What every document about a patient's scan says of itself."""

SOFTWARE = "BRAIN"
DISCLAIMER = (
    "Research and education only. BRAIN assists a reader; it never replaces one, and it is not a medical device."
)
INTENDED_USE = (
    "Intended use: to show readers and students what two research models say of brain MRI slices, and where they "
    "look. Not for diagnosis, triage or treatment."
)
HEATMAP = "Grad-CAM shows which regions drove a model's answer. It does not outline a lesion."
NOT_READ = "This slice could not be read."
EMPTY = "This report holds no result: no model has assessed anything."
