"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "institution",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("district", sa.String(length=32), nullable=True),
        sa.Column("expected_from", sa.String(length=6), nullable=False),
        sa.Column("expected_until", sa.String(length=6), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
        sa.UniqueConstraint("name", name=op.f("uq_institution_name")),
    )
    op.create_table(
        "later",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("bot", sa.String(length=128), nullable=False),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_later")),
    )
    op.create_index(op.f("ix_later_due_at"), "later", ["due_at"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=True),
        sa.Column("telephone", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "schema_mark",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incompatible", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_schema_mark")),
    )
    op.create_table(
        "turn",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("bot", sa.String(length=128), nullable=False),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("message_id", sa.String(length=128), nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("incident", sa.String(length=16), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turn")),
        sa.UniqueConstraint(
            "channel", "bot", "sender", "message_id", name=op.f("uq_turn_channel_bot_sender_message_id")
        ),
    )
    op.create_index("ix_turn_at", "turn", ["at"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("bot", sa.String(length=128), nullable=False),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("channel", "bot", "sender", name=op.f("uq_account_channel_bot_sender")),
    )
    op.create_table(
        "audit",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_audit_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "closing",
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_closing_person_id")),
        sa.PrimaryKeyConstraint("quarter", name=op.f("pk_closing")),
    )
    op.create_table(
        "complaint",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("receipt", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("school", sa.String(length=128), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by", KEY, nullable=True),
        sa.CheckConstraint("NOT (anonymous AND contact IS NOT NULL)", name=op.f("ck_complaint_anonymous")),
        sa.ForeignKeyConstraint(["handled_by"], ["person.id"], name=op.f("fk_complaint_handled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("receipt", name=op.f("uq_complaint_receipt")),
    )
    op.create_table(
        "course",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("institution_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("occupation", sa.String(length=32), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("catalogued", sa.Boolean(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("rostered_on", sa.Date(), nullable=True),
        sa.Column("assessed_on", sa.Date(), nullable=True),
        sa.Column("certified_on", sa.Date(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("trained", sa.Integer(), nullable=True),
        sa.Column("certificates", sa.Integer(), nullable=True),
        sa.Column("subsidised", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level IN ('junior', 'middle', 'senior')", name=op.f("ck_course_level")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_course_amount_not_negative")),
        sa.CheckConstraint("certificates >= 0", name=op.f("ck_course_certificates_not_negative")),
        sa.CheckConstraint("subsidised >= 0", name=op.f("ck_course_subsidised_not_negative")),
        sa.CheckConstraint("trained >= 0", name=op.f("ck_course_trained_not_negative")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_course_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("institution_id", "name", name=op.f("uq_course_institution_id_name")),
    )
    op.create_index(op.f("ix_course_institution_id"), "course", ["institution_id"], unique=False)
    op.create_table(
        "extension",
        sa.Column("institution_id", KEY, nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_extension_institution_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_extension_person_id")),
        sa.PrimaryKeyConstraint("institution_id", "quarter", name=op.f("pk_extension")),
    )
    op.create_table(
        "fact",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("fact", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("about IN ('self', 'family', 'employee')", name=op.f("ck_fact_about")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_fact_person_id")),
        sa.PrimaryKeyConstraint("person_id", "about", "fact", name=op.f("pk_fact")),
    )
    op.create_table(
        "feedback",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("turn_id", KEY, nullable=True),
        sa.Column("value", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("same", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("entry", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value IN ('up', 'down', 'pick')", name=op.f("ck_feedback_value")),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turn.id"], name=op.f("fk_feedback_turn_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("turn_id", name=op.f("uq_feedback_turn_id")),
    )
    op.create_index("ix_feedback_same", "feedback", ["same"], unique=False)
    op.create_table(
        "invite",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("institution_id", KEY, nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("district", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", KEY, nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_head", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_invite_institution_id")
        ),
        sa.ForeignKeyConstraint(["used_by"], ["person.id"], name=op.f("fk_invite_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invite_code_hash")),
    )
    op.create_table(
        "measure_note",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("measure", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("from_quarter", sa.String(length=6), nullable=False),
        sa.Column("until_quarter", sa.String(length=6), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint(
            "until_quarter IS NULL OR until_quarter >= from_quarter", name=op.f("ck_measure_note_order")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_measure_note_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure_note")),
    )
    op.create_index("ix_measure_note_from", "measure_note", ["from_quarter"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("institution_id", KEY, nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("district", sa.String(length=32), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(district IS NULL) = (role <> 'district')", name=op.f("ck_membership_district")),
        sa.CheckConstraint(
            "(institution_id IS NULL) = (role IN ('staff', 'head', 'district'))",
            name=op.f("ck_membership_office_or_institution"),
        ),
        sa.CheckConstraint(
            "role IN ('contact', 'lead', 'staff', 'head', 'district')", name=op.f("ck_membership_role")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_membership_institution_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_institution_id"), "membership", ["institution_id"], unique=False)
    op.create_index(op.f("ix_membership_person_id"), "membership", ["person_id"], unique=False)
    op.create_table(
        "opening",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("institution_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("through", sa.String(length=6), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_opening_source")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_opening_institution_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_opening_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint("institution_id", "number", name=op.f("uq_opening_institution_id_number")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("turn_id", KEY, nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("bot", sa.String(length=128), nullable=False),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_outbox_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_recipient", "outbox", ["channel", "bot", "sender", "id"], unique=False)
    op.create_index(op.f("ix_outbox_turn_id"), "outbox", ["turn_id"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["channel", "id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND failed IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND failed IS NULL"),
    )
    op.create_table(
        "publication",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("occupation", sa.String(length=32), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("institution", sa.String(length=128), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("same", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", KEY, nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", KEY, nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_publication_dates")),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= valid_from", name=op.f("ck_publication_valid")
        ),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_publication_published_by")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["person.id"], name=op.f("fk_publication_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
    )
    op.create_index("ix_publication_kind", "publication", ["kind", "valid_from"], unique=False)
    op.create_index(
        "uq_publication_same",
        "publication",
        ["same"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "question",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("same", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("entry", sa.String(length=64), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", KEY, nullable=True),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_question_closed")),
        sa.CheckConstraint("state IN ('open', 'answered', 'dropped')", name=op.f("ck_question_state")),
        sa.CheckConstraint(
            "why IN ('refused', 'unsure', 'disliked', 'handed')", name=op.f("ck_question_why")
        ),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_question_closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    op.create_index("ix_question_same", "question", ["same"], unique=False)
    op.create_index(
        "uq_question_open",
        "question",
        ["same"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "received_file",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("media", sa.String(length=8), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_received_file_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_file")),
    )
    op.create_index(op.f("ix_received_file_hash"), "received_file", ["hash"], unique=False)
    op.create_index(op.f("ix_received_file_person_id"), "received_file", ["person_id"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("institution_id", KEY, nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_reminder_institution_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "institution_id",
            "quarter",
            "kind",
            "person_id",
            name=op.f("uq_reminder_institution_id_quarter_kind_person_id"),
        ),
    )
    op.create_table(
        "report",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("institution_id", KEY, nullable=False),
        sa.Column("quarter", sa.String(length=6), nullable=False),
        sa.Column("first_submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_report_institution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("institution_id", "quarter", name=op.f("uq_report_institution_id_quarter")),
    )
    op.create_index(op.f("ix_report_quarter"), "report", ["quarter"], unique=False)
    op.create_table(
        "asker",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("turn_id", KEY, nullable=True),
        sa.Column("handed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_asker_account_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_asker_question_id")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_asker_turn_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asker")),
        sa.UniqueConstraint("question_id", "account_id", name=op.f("uq_asker_question_id_account_id")),
    )
    op.create_index(op.f("ix_asker_account_id"), "asker", ["account_id"], unique=False)
    op.create_index(op.f("ix_asker_question_id"), "asker", ["question_id"], unique=False)
    op.create_index("ix_asker_turn", "asker", ["turn_id"], unique=False)
    op.create_table(
        "code_attempt",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_code_attempt_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_attempt")),
    )
    op.create_index("ix_code_attempt_account_at", "code_attempt", ["account_id", "at"], unique=False)
    op.create_table(
        "conversation",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_conversation_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_conversation")),
    )
    op.create_table(
        "course_reminder",
        sa.Column("course_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_reminder_course_id")),
        sa.PrimaryKeyConstraint("course_id", "kind", name=op.f("pk_course_reminder")),
    )
    op.create_table(
        "opening_figure",
        sa.Column("opening_id", KEY, nullable=False),
        sa.Column("occupation", sa.String(length=32), nullable=False),
        sa.Column("classes", sa.BigInteger(), nullable=False),
        sa.Column("subsidised_classes", sa.BigInteger(), nullable=False),
        sa.Column("trained", sa.BigInteger(), nullable=False),
        sa.Column("certified", sa.BigInteger(), nullable=False),
        sa.Column("subsidised", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_opening_figure_amount_not_negative")),
        sa.CheckConstraint("certified >= 0", name=op.f("ck_opening_figure_certified_not_negative")),
        sa.CheckConstraint("classes >= 0", name=op.f("ck_opening_figure_classes_not_negative")),
        sa.CheckConstraint("subsidised >= 0", name=op.f("ck_opening_figure_subsidised_not_negative")),
        sa.CheckConstraint(
            "subsidised_classes <= classes", name=op.f("ck_opening_figure_subsidised_classes")
        ),
        sa.CheckConstraint(
            "subsidised_classes >= 0", name=op.f("ck_opening_figure_subsidised_classes_not_negative")
        ),
        sa.CheckConstraint("trained = 0 OR classes > 0", name=op.f("ck_opening_figure_people_without_class")),
        sa.CheckConstraint("trained >= 0", name=op.f("ck_opening_figure_trained_not_negative")),
        sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=op.f("fk_opening_figure_opening_id")),
        sa.PrimaryKeyConstraint("opening_id", "occupation", name=op.f("pk_opening_figure")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("entry", sa.String(length=64), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint(
            "(kind = 'entry') = (title IS NOT NULL AND answer IS NOT NULL)", name=op.f("ck_proposal_new")
        ),
        sa.CheckConstraint("(kind = 'phrasing') = (entry IS NOT NULL)", name=op.f("ck_proposal_entry")),
        sa.CheckConstraint("kind IN ('phrasing', 'entry')", name=op.f("ck_proposal_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_proposal_person_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_proposal_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_table(
        "revision",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("report_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("nothing_to_report", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("filled_by", sa.String(length=64), nullable=True),
        sa.Column("telephone", sa.Text(), nullable=True),
        sa.Column("receipt", sa.String(length=32), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", KEY, nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", KEY, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", KEY, nullable=True),
        sa.CheckConstraint(
            "(state IN ('draft', 'discarded')) = (submitted_at IS NULL)",
            name=op.f("ck_revision_submitted_at"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'superseded', 'accepted', 'returned', 'discarded')",
            name=op.f("ck_revision_state"),
        ),
        sa.CheckConstraint("(submitted_at IS NULL) = (receipt IS NULL)", name=op.f("ck_revision_receipt")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_revision_decided_by")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_revision_report_id")),
        sa.ForeignKeyConstraint(["started_by"], ["person.id"], name=op.f("fk_revision_started_by")),
        sa.ForeignKeyConstraint(["submitted_by"], ["person.id"], name=op.f("fk_revision_submitted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("receipt", name=op.f("uq_revision_receipt")),
        sa.UniqueConstraint("report_id", "number", name=op.f("uq_revision_report_id_number")),
    )
    op.create_index(
        "uq_revision_accepted",
        "revision",
        ["report_id"],
        unique=True,
        sqlite_where=sa.text("state = 'accepted'"),
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index(
        "uq_revision_draft",
        "revision",
        ["report_id"],
        unique=True,
        sqlite_where=sa.text("state = 'draft'"),
        postgresql_where=sa.text("state = 'draft'"),
    )
    op.create_index(
        "uq_revision_submitted",
        "revision",
        ["report_id"],
        unique=True,
        sqlite_where=sa.text("state = 'submitted'"),
        postgresql_where=sa.text("state = 'submitted'"),
    )
    op.create_table(
        "subscription",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("occupation", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_subscription_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("account_id", "occupation", name=op.f("uq_subscription_account_id_occupation")),
    )
    op.create_table(
        "attachment",
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("media", sa.String(length=8), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint(
            "kind IN ('measures', 'practice', 'problems', 'stamped')", name=op.f("ck_attachment_kind")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachment_size")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_attachment_person_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_attachment_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "kind", "hash", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_hash"), "attachment", ["hash"], unique=False)
    op.create_table(
        "explanation",
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("occupation", sa.String(length=32), nullable=False),
        sa.Column("doubt", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_explanation_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "occupation", "doubt", name=op.f("pk_explanation")),
    )
    op.create_table(
        "figure",
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("occupation", sa.String(length=32), nullable=False),
        sa.Column("no_business", sa.Boolean(), nullable=False),
        sa.Column("classes", sa.BigInteger(), nullable=True),
        sa.Column("subsidised_classes", sa.BigInteger(), nullable=True),
        sa.Column("trained", sa.BigInteger(), nullable=True),
        sa.Column("certified", sa.BigInteger(), nullable=True),
        sa.Column("subsidised", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("not_known", sa.JSON(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_figure_amount_not_negative")),
        sa.CheckConstraint("certified >= 0", name=op.f("ck_figure_certified_not_negative")),
        sa.CheckConstraint("classes >= 0", name=op.f("ck_figure_classes_not_negative")),
        sa.CheckConstraint("subsidised >= 0", name=op.f("ck_figure_subsidised_not_negative")),
        sa.CheckConstraint("subsidised_classes >= 0", name=op.f("ck_figure_subsidised_classes_not_negative")),
        sa.CheckConstraint("trained >= 0", name=op.f("ck_figure_trained_not_negative")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_figure_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "occupation", name=op.f("pk_figure")),
    )
    op.create_table(
        "lead_review",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", KEY, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", KEY, nullable=True),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_lead_review_closed")),
        sa.CheckConstraint("(state = 'sent_back') = (words IS NOT NULL)", name=op.f("ck_lead_review_words")),
        sa.CheckConstraint(
            "state IN ('open', 'confirmed', 'sent_back', 'withdrawn')", name=op.f("ck_lead_review_state")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_lead_review_asked_by")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_lead_review_closed_by")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_lead_review_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_review")),
    )
    op.create_index(
        "uq_lead_review_open",
        "lead_review",
        ["revision_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "page",
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.CheckConstraint("kind IN ('measures', 'practice', 'problems')", name=op.f("ck_page_kind")),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_page_words")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_page_person_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_page_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "kind", name=op.f("pk_page")),
    )
    op.create_table(
        "reopening",
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reopening_person_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_reopening_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_reopening")),
    )
    op.create_table(
        "returned_cell",
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("occupation", sa.String(length=32), nullable=False),
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint("occupation <> '' OR measure = ''", name=op.f("ck_returned_cell_place")),
        sa.CheckConstraint("length(words) > 0", name=op.f("ck_returned_cell_words")),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name=op.f("fk_returned_cell_revision_id")),
        sa.PrimaryKeyConstraint("revision_id", "occupation", "measure", name=op.f("pk_returned_cell")),
    )
    op.create_index(
        "uq_membership_live",
        "membership",
        ["person_id", sa.text("coalesce(institution_id, 0)")],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    mark(1, incompatible=False)
