"""The schema: made once, brought up to date, and refused where another program made it."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from brain_core.errors import StoreError
from brain_core.store import engine, predictions, schema
from brain_core.store.tables import metadata
from tests.store import databases
from tests.store.sample_rows import prediction

NEXT = '''
"""A later revision."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.add_column("failures", sa.Column("more", sa.String()))
'''


@pytest.fixture
def next_revision(monkeypatch, tmp_path):
    """What the next BRAIN would bring; undone by the returned function."""
    folder = shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0002_more.py").write_text(NEXT)

    def change() -> None:
        monkeypatch.setattr(schema, "MIGRATIONS", folder)
        monkeypatch.setattr(schema, "REVISION", "0002")
        databases.close()

    return change


def drift() -> list:
    with engine.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, metadata)


def test_tables_and_migrations_agree(database):
    assert drift() == []


def test_a_table_that_no_migration_knows_would_be_seen(database):
    databases.execute("DROP INDEX ix_predictions_at", "ALTER TABLE failures ADD COLUMN more VARCHAR")
    assert {change[0] for change in drift()} == {"add_index", "remove_column"}


def test_the_revision_is_the_latest_script():
    assert ScriptDirectory.from_config(schema._config()).get_heads() == [schema.REVISION]


def test_migrating_twice_changes_nothing(database):
    engine.migrate()
    predictions.add([prediction()])
    engine.migrate()
    assert len(predictions.read()) == 1


def test_an_older_schema_is_brought_up_to_date_and_keeps_its_rows(database, next_revision):
    row = prediction()
    predictions.add([row])
    next_revision()
    assert predictions.read() == [row]
    with engine.reading() as connection:
        assert schema.revision(connection) == "0002"
        assert connection.exec_driver_sql("SELECT more FROM failures").all() == []


def test_a_newer_schema_is_refused(database, next_revision, monkeypatch):
    next_revision()
    predictions.add([prediction()])
    monkeypatch.undo()
    with pytest.raises(StoreError, match="made by another BRAIN: its schema is 0002, this one knows up to 0001. Upda"):
        engine.migrate()


def test_a_newer_schema_is_a_problem(database, set_environment):
    predictions.add([prediction()])
    databases.execute("UPDATE alembic_version SET version_num = 'x' ")
    databases.close()
    assert engine.problem().startswith("The prediction store was made by another BRAIN: its schema is x,")


def test_tables_of_another_program_are_left_alone(database):
    engine.migrate()
    databases.execute("DELETE FROM alembic_version")
    databases.close()
    with pytest.raises(StoreError, match="holds tables that this program did not make. Name another database"):
        predictions.read()


def test_a_migration_that_fails_leaves_nothing(database, next_revision, monkeypatch):
    predictions.add([prediction()])
    next_revision()
    script = schema.MIGRATIONS / "versions" / "0002_more.py"
    script.write_text(script.read_text() + '    op.execute("INSERT INTO nowhere VALUES (1)")\n')
    with pytest.raises(StoreError):
        predictions.read()
    monkeypatch.undo()
    databases.close()
    assert len(predictions.read()) == 1
    assert drift() == []


def test_twenty_threads_find_one_schema(database):
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: predictions.add([prediction()]), range(20)))
    assert len(predictions.read()) == 20
    assert drift() == []
