"""What a revision was based on, what it cost, and triggers that keep it as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SQLITE = """
CREATE TRIGGER revisions_no_{what} BEFORE {what} ON revisions
BEGIN SELECT RAISE(ABORT, 'a revision is never changed or deleted'); END
"""
POSTGRESQL = [
    """
CREATE FUNCTION revisions_stay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a revision is never changed or deleted'; END $$
""",
    """
CREATE TRIGGER revisions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON revisions
FOR EACH STATEMENT EXECUTE FUNCTION revisions_stay()
""",
]


def upgrade() -> None:
    op.add_column("revisions", sa.Column("base", sa.Integer))
    op.add_column("revisions", sa.Column("seconds", sa.Float))
    op.add_column("revisions", sa.Column("drags", sa.Integer))
    op.add_column("revisions", sa.Column("moved_mm", sa.Float))
    if op.get_context().dialect.name == "postgresql":
        guards = POSTGRESQL
    else:
        guards = [SQLITE.format(what=what) for what in ("UPDATE", "DELETE")]
    for guard in guards:
        op.execute(guard)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER revisions_stay ON revisions")
        op.execute("DROP FUNCTION revisions_stay")
    else:
        op.execute("DROP TRIGGER revisions_no_UPDATE")
        op.execute("DROP TRIGGER revisions_no_DELETE")
    for name in ("base", "seconds", "drags", "moved_mm"):
        op.drop_column("revisions", name)
