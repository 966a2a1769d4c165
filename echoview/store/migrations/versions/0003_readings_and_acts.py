"""Whose reading a revision is part of, in which role and how blinded; and what reviewers said, kept by triggers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SQLITE = """
CREATE TRIGGER acts_no_{what} BEFORE {what} ON acts
BEGIN SELECT RAISE(ABORT, 'an act is never changed or deleted'); END
"""
POSTGRESQL = [
    """
CREATE FUNCTION acts_stay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'an act is never changed or deleted'; END $$
""",
    """
CREATE TRIGGER acts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON acts
FOR EACH STATEMENT EXECUTE FUNCTION acts_stay()
""",
]


def upgrade() -> None:
    op.add_column("revisions", sa.Column("reading", sa.String(220), nullable=False, server_default=""))
    op.add_column("revisions", sa.Column("role", sa.String(20), nullable=False, server_default=""))
    op.add_column("revisions", sa.Column("blind", sa.Boolean))
    op.create_table(
        "acts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("uid", sa.String(32), nullable=False, unique=True),
        sa.Column("cine_id", sa.Integer, sa.ForeignKey("cines.id"), nullable=False, index=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("frame", sa.Integer),
        sa.Column("reading", sa.String(220), nullable=False),
        sa.Column("seal", sa.String(40), nullable=False),
        sa.Column("issue", sa.String(60), nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("about", sa.String(32), nullable=False),
        sa.Column("app_version", sa.String(40), nullable=False),
    )
    if op.get_context().dialect.name == "postgresql":
        guards = POSTGRESQL
    else:
        guards = [SQLITE.format(what=what) for what in ("UPDATE", "DELETE")]
    for guard in guards:
        op.execute(guard)


def downgrade() -> None:
    op.drop_table("acts")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION acts_stay")
    for name in ("reading", "role", "blind"):
        op.drop_column("revisions", name)
