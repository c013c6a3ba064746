"""Predictions, failures, feedback and the audit log, with the triggers that keep the latter two append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _tables()
    _indexes()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def downgrade() -> None:
    raise NotImplementedError("The store is never taken back: its records would be lost.")


def _tables() -> None:
    required = {"nullable": False}
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(), **required),
        sa.Column("at", sa.DateTime(timezone=True), **required),
        *(sa.Column(name, sa.String(), **required) for name in ("user", "scan", "case", "kind", "source")),
        *(sa.Column(name, sa.String(), **required) for name in ("model", "version", "sha256")),
        sa.Column("probability", sa.Float()),
        sa.Column("threshold", sa.Float(), **required),
        sa.Column("label", sa.String()),
        sa.Column("flags", sa.String(), **required),
        sa.Column("seconds", sa.Float(), **required),
        sa.Column("unlikeness", sa.Float()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("mean", sa.Float()),
        sa.Column("deviation", sa.Float()),
        sa.Column("opinion", sa.String()),
        sa.Column("opinion_blind", sa.Boolean()),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
    )
    op.create_table(
        "failures",
        sa.Column("id", sa.String(), **required),
        sa.Column("at", sa.DateTime(timezone=True), **required),
        *(sa.Column(name, sa.String(), **required) for name in ("user", "source", "kind")),
        sa.PrimaryKeyConstraint("id", name="pk_failures"),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(), **required),
        sa.Column("at", sa.DateTime(timezone=True), **required),
        *(sa.Column(name, sa.String(), **required) for name in ("user", "case", "finding", "basis")),
        sa.Column("text", sa.Text(), **required),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
    )
    op.create_table(
        "erasing", sa.Column("id", sa.String(), **required), sa.PrimaryKeyConstraint("id", name="pk_erasing")
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, **required),
        *(sa.Column(name, sa.String(), **required) for name in ("at", "user", "action")),
        sa.Column("details", sa.Text(), **required),
        *(sa.Column(name, sa.String(), **required) for name in ("previous", "hash")),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )


def _indexes() -> None:
    op.create_index("ix_predictions_at", "predictions", ["at"])
    op.create_index("ix_predictions_case_model_at", "predictions", ["case", "model", "at"])
    op.create_index("ix_predictions_scan", "predictions", ["scan"])
    op.create_index("ix_failures_at", "failures", ["at"])
    op.create_index("ix_feedback_case", "feedback", ["case"])


def _sqlite_triggers() -> None:
    """INSERT OR REPLACE would remove a row without asking the triggers of DELETE; hence those of INSERT."""
    audit, feedback = "SELECT RAISE(ABORT, 'audit is append-only')", "SELECT RAISE(ABORT, 'feedback is append-only')"
    unless_erasing = "WHEN NOT EXISTS (SELECT 1 FROM erasing)"
    for name, when, body in (
        ("audit_update", "BEFORE UPDATE ON audit", audit),
        ("audit_delete", "BEFORE DELETE ON audit", audit),
        (
            "audit_insert",
            "BEFORE INSERT ON audit WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit)",
            audit,
        ),
        ("feedback_update", 'BEFORE UPDATE OF id, at, "case", finding, basis, text ON feedback', feedback),
        ("feedback_rename", f'BEFORE UPDATE OF "user" ON feedback {unless_erasing}', feedback),
        ("feedback_delete", f"BEFORE DELETE ON feedback {unless_erasing}", feedback),
        (
            "feedback_insert",
            "BEFORE INSERT ON feedback WHEN EXISTS (SELECT 1 FROM feedback WHERE id = NEW.id)",
            "SELECT RAISE(IGNORE)",
        ),
    ):
        op.execute(f"CREATE TRIGGER {name} {when} BEGIN {body}; END")


def _postgresql_triggers() -> None:
    op.execute(
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        "CREATE FUNCTION append_only_unless_erasing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NOT EXISTS (SELECT 1 FROM erasing) THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    for name, when, each, function in (
        ("audit_change", "BEFORE UPDATE OR DELETE ON audit", "ROW", "append_only"),
        ("audit_truncate", "BEFORE TRUNCATE ON audit", "STATEMENT", "append_only"),
        ("feedback_update", 'BEFORE UPDATE OF id, at, "case", finding, basis, text ON feedback', "ROW", "append_only"),
        ("feedback_rename", 'BEFORE UPDATE OF "user" ON feedback', "ROW", "append_only_unless_erasing"),
        ("feedback_delete", "BEFORE DELETE ON feedback", "ROW", "append_only_unless_erasing"),
        ("feedback_truncate", "BEFORE TRUNCATE ON feedback", "STATEMENT", "append_only"),
    ):
        op.execute(f"CREATE TRIGGER {name} {when} FOR EACH {each} EXECUTE FUNCTION {function}()")
