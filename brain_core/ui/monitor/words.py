"""Names of figures as the page says them."""

from brain_core.monitoring import alerts

NAME_WORDS = {
    alerts.ERRORS: "Errors",
    alerts.FLAGS: "Not assessed",
    alerts.SECONDS: "Seconds a prediction, 95th percentile",
    alerts.DRIFT: "Drift (PSI)",
    alerts.SENSITIVITY: "Sensitivity",
    alerts.CALIBRATION: "Calibration error (ECE)",
    alerts.STORE: "Prediction store",
    alerts.AUDIT: "Audit log",
}
MEASURE_WORDS = {
    "score": "score",
    "mean": "mean grey value",
    "deviation": "deviation of the grey values",
    "width": "width",
    "height": "height",
    "aspect": "width / height",
    "unlikeness": "unlikeness to the training data",
}
UNITS = {
    "score": "probability of a tumour",
    "mean": "mean grey value, 0 to 255",
    "deviation": "standard deviation of the grey values, 0 to 128",
    "width": "width in pixels",
    "height": "height in pixels",
    "aspect": "width / height",
    "unlikeness": "unlikeness, 1 at the input gate's limit",
}
