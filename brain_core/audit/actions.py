"""What is recorded."""

SIGN_IN = "sign-in"
SIGN_OUT = "sign-out"
REFUSED = "refused"
PREDICTION = "prediction"
OPINION = "opinion"
FEEDBACK = "feedback"
THRESHOLD = "threshold"
THRESHOLD_REVERTED = "threshold reverted"
RETRAIN = "retrain"
CANCEL_RUN = "cancel run"
PROMOTE = "promote"
ROLLBACK = "rollback"
DELETE = "delete"
EXPORT = "export"
ARCHIVE_STORE = "archive store"

ACTIONS = (
    SIGN_IN,
    SIGN_OUT,
    REFUSED,
    PREDICTION,
    OPINION,
    FEEDBACK,
    THRESHOLD,
    THRESHOLD_REVERTED,
    RETRAIN,
    CANCEL_RUN,
    PROMOTE,
    ROLLBACK,
    DELETE,
    EXPORT,
    ARCHIVE_STORE,
)
