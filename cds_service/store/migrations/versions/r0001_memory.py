"""Cards, feedback and used tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the three tables."""
    op.create_table(
        "cards",
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("instance", sa.String(36), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("indicator", sa.String(8), nullable=False),
        sa.Column("content_version", sa.String(80), nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("silenced_by", sa.String(16), nullable=False),
        sa.Column("patient", sa.String(32), nullable=False),
        sa.Column("clinician", sa.String(32), nullable=False),
        sa.Column("facts", sa.String(32), nullable=False),
        sa.Column("count", sa.String(32), nullable=False),
        sa.Column("grade", sa.String(32), nullable=False),
        sa.Column("suggestions", sa.Text, nullable=False),
    )
    op.create_index("cards_of_patient", "cards", ["patient", "rule"])
    op.create_index("cards_by_time", "cards", ["at"])
    op.create_table(
        "feedback",
        sa.Column("entry", sa.String(64), primary_key=True),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("received", TIME, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("accepted", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=True),
        sa.Column("matched", sa.Boolean, nullable=False),
    )
    op.create_index("ix_feedback_card", "feedback", ["card"])
    op.create_index("ix_feedback_received", "feedback", ["received"])
    op.create_table(
        "used_tokens",
        sa.Column("jti", sa.String(64), primary_key=True),
        sa.Column("expires", TIME, nullable=False),
    )
    op.create_index("ix_used_tokens_expires", "used_tokens", ["expires"])


def downgrade() -> None:
    """Takes them away, and what they hold."""
    for table in ("used_tokens", "feedback", "cards"):
        op.drop_table(table)
