"""The first form of the store: files, books, scenarios with their decisions, runs with traces and events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "files",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("packed", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_files"),
    )
    op.create_table(
        "books",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("data_kind", sa.String(20), nullable=False),
        sa.Column("communities", sa.Integer, nullable=False),
        sa.Column("added_at", sa.Float, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_books"),
    )
    op.create_table(
        "book_files",
        sa.Column("book", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("book", "name", name="pk_book_files"),
        sa.ForeignKeyConstraint(["book"], ["books.sha256"], ondelete="CASCADE", name="fk_book_files_book"),
        sa.ForeignKeyConstraint(["file"], ["files.sha256"], name="fk_book_files_file"),
    )
    op.create_index("ix_book_files_file", "book_files", ["file"])
    op.create_table(
        "scenarios",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("lineage", sa.Text, nullable=False),
        sa.Column("added_at", sa.Float, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_scenarios"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("scenario", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sentence_zh", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.ForeignKeyConstraint(["scenario"], ["scenarios.sha256"], ondelete="CASCADE", name="fk_decisions_scenario"),
        sa.UniqueConstraint("scenario", "by", "kind", "name", name="uq_decisions_scenario_by_kind_name"),
    )
    _create_runs()


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("ticket", sa.String(200), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("book", sa.String(64), nullable=False),
        sa.Column("scenario", sa.String(64), nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("queued_at", sa.Float, nullable=False),
        sa.Column("started_at", sa.Float),
        sa.Column("ended_at", sa.Float),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("lease_until", sa.Float),
        sa.Column("stop_asked", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("status", sa.String(20)),
        sa.Column("objective", sa.BigInteger),
        sa.Column("bound", sa.BigInteger),
        sa.Column("certified_bound", sa.BigInteger),
        sa.Column("seconds", sa.Float),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("ticket", name="uq_runs_ticket"),
        sa.ForeignKeyConstraint(["book"], ["books.sha256"], name="fk_runs_book"),
        sa.ForeignKeyConstraint(["scenario"], ["scenarios.sha256"], name="fk_runs_scenario"),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_runs_state")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_book", "runs", ["book"])
    op.create_index("ix_runs_scenario", "runs", ["scenario"])
    op.create_index("ix_runs_queue", "runs", ["state", "queued_at", "id"])
    op.create_table(
        "run_files",
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("run", "name", name="pk_run_files"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], ondelete="CASCADE", name="fk_run_files_run"),
        sa.ForeignKeyConstraint(["file"], ["files.sha256"], name="fk_run_files_file"),
    )
    op.create_index("ix_run_files_file", "run_files", ["file"])
    op.create_table(
        "traces",
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("objective", sa.BigInteger),
        sa.Column("bound", sa.BigInteger),
        sa.PrimaryKeyConstraint("run", "number", name="pk_traces"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], ondelete="CASCADE", name="fk_traces_run"),
    )
    op.create_table(
        "events",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("run", NUMBER, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], ondelete="CASCADE", name="fk_events_run"),
    )
    op.create_index("ix_events_run", "events", ["run"])


def downgrade() -> None:
    """There is nothing before the first form."""
    raise NotImplementedError("a store has no form before 0001")
