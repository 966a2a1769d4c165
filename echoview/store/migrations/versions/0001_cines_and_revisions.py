"""Cines and their revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "cines",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String(128), nullable=False, unique=True),
        sa.Column("content_hash", sa.String(80), nullable=False),
        sa.Column("patient_key", sa.String(128), nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("cine_id", sa.Integer, sa.ForeignKey("cines.id"), nullable=False, index=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("annotator", sa.String(200), nullable=False),
        sa.Column("app_version", sa.String(40), nullable=False),
        sa.Column("weights", sa.String(120), nullable=False),
        sa.Column("tool", sa.String(80), nullable=False),
        sa.Column("change", sa.JSON, nullable=False),
        sa.UniqueConstraint("cine_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("revisions")
    op.drop_table("cines")
