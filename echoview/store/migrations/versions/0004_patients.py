"""One secret for all desks of a library, and which keys of patients are the same person; both kept by triggers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = ("secrets", "patients")
SQLITE = """
CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table}
BEGIN SELECT RAISE(ABORT, 'what is known of patients is never changed or deleted'); END
"""
FUNCTION = """
CREATE FUNCTION patients_stay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'what is known of patients is never changed or deleted'; END $$
"""
POSTGRESQL = """
CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION patients_stay()
"""


def upgrade() -> None:
    op.create_table(
        "secrets",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("patient_secret", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "patients",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("same_as", sa.String(128), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("key", "same_as"),
    )
    if op.get_context().dialect.name == "postgresql":
        guards = [FUNCTION, *(POSTGRESQL.format(table=table) for table in TABLES)]
    else:
        guards = [SQLITE.format(table=table, what=what) for table in TABLES for what in ("UPDATE", "DELETE")]
    for guard in guards:
        op.execute(guard)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION patients_stay")
