"""Access reviews, kept as evidence: a closed one and its items are changed by nobody."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import portal.kit.clock
import portal.kit.ids
from portal.kit import grants

# Only the owner of the tables is let through, for `rbac_reviews_purge`; the application may not delete at all.
OWNER = "current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)"
KEPT = f"""
CREATE FUNCTION rbac_review_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' AND NOT ({OWNER}) THEN
        RAISE EXCEPTION 'a closed review stays as it is' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rbac_review_kept BEFORE UPDATE ON rbac_review FOR EACH ROW EXECUTE FUNCTION rbac_review_kept();

CREATE FUNCTION rbac_review_item_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decided text[] := ARRAY['reviewers', 'decision', 'by_rule', 'decided_by', 'decided_scopes', 'decided_at', 'words',
        'outcome', 'outcome_text', 'outcome_at'];
BEGIN
    IF {OWNER} THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM rbac_review WHERE id = NEW.review_id AND state <> 'closed') THEN
        RAISE EXCEPTION 'the items of a closed review stay as they are' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - decided <> to_jsonb(OLD) - decided THEN
        RAISE EXCEPTION 'what was held when a review started stays as it was' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rbac_review_item_kept BEFORE INSERT OR UPDATE ON rbac_review_item
    FOR EACH ROW EXECUTE FUNCTION rbac_review_item_kept();

-- The evidence goes with its organisation, and only when nobody belongs to that one any more.
CREATE FUNCTION rbac_reviews_purge(gone uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    removed integer;
BEGIN
    IF EXISTS (SELECT FROM accounts_membership WHERE organisation_id = gone) THEN
        RAISE EXCEPTION 'the organisation still has members' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM rbac_review_item WHERE organisation_id = gone;
    DELETE FROM rbac_review WHERE organisation_id = gone;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END $$;
REVOKE ALL ON FUNCTION rbac_reviews_purge(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rbac_reviews_purge(uuid) TO steward_platform;
"""
UNDO = """
DROP FUNCTION rbac_reviews_purge(uuid);
DROP TRIGGER rbac_review_item_kept ON rbac_review_item; DROP FUNCTION rbac_review_item_kept();
DROP TRIGGER rbac_review_kept ON rbac_review; DROP FUNCTION rbac_review_kept();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_people"),
        ("rbac", "0011_ends"),
    ]

    operations = [
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=80)),
                ("place_id", models.UUIDField(help_text="The part that it is about; none: all of it.", null=True)),
                ("place_name", models.CharField(blank=True, max_length=200)),
                (
                    "role_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        default=list,
                        help_text="Roles that it is about; empty: all, and rights.",
                        size=None,
                    ),
                ),
                (
                    "role_names",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), default=list, size=None
                    ),
                ),
                (
                    "reviewers",
                    models.CharField(
                        choices=[("owners", "owners"), ("givers", "givers"), ("person", "person")], max_length=10
                    ),
                ),
                ("reviewer_id", models.UUIDField(null=True)),
                ("undecided", models.CharField(choices=[("keep", "keep"), ("revoke", "revoke")], max_length=6)),
                (
                    "applies",
                    models.CharField(choices=[("at_once", "at once"), ("at_end", "at the end")], max_length=10),
                ),
                ("due_at", models.DateTimeField()),
                (
                    "remind_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=list,
                        help_text="Days before the due date.",
                        size=None,
                    ),
                ),
                (
                    "reminded_days",
                    models.PositiveSmallIntegerField(
                        help_text="The last reminder: days before the due date.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "running"), ("closing", "closing"), ("closed", "closed")],
                        db_default="running",
                        default="running",
                        max_length=10,
                    ),
                ),
                ("started_by", models.UUIDField(null=True)),
                (
                    "started_scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        help_text="Of the key that started it.",
                        null=True,
                        size=None,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=portal.kit.clock.now
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.UUIDField(help_text="None: its due date did.", null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "db_table": "rbac_review",
                "indexes": [
                    models.Index(fields=["organisation", "created_at", "id"], name="rbac_review_started"),
                    models.Index(fields=["organisation", "due_at", "id"], name="rbac_review_due"),
                    models.Index(
                        condition=models.Q(("organisation", None)),
                        fields=["created_at", "id"],
                        name="rbac_review_whole_started",
                    ),
                    models.Index(
                        condition=models.Q(("organisation", None)),
                        fields=["due_at", "id"],
                        name="rbac_review_whole_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "closed"), _negated=True),
                        fields=["due_at"],
                        name="rbac_review_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", False), ("state", "closed")),
                            models.Q(models.Q(("state", "closed"), _negated=True), ("closed_at", None)),
                            _connector="OR",
                        ),
                        name="rbac_review_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewer_id__isnull", False), ("reviewers", "person")),
                            models.Q(models.Q(("reviewers", "person"), _negated=True), ("reviewer_id", None)),
                            _connector="OR",
                        ),
                        name="rbac_review_reviewer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                (
                    "id",
                    models.UUIDField(default=portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("binding", "binding"),
                            ("user_grant", "right of a person"),
                            ("team_grant", "right of a team"),
                        ],
                        max_length=10,
                    ),
                ),
                ("source_id", models.UUIDField()),
                ("person_id", models.UUIDField(null=True)),
                ("team_id", models.UUIDField(null=True)),
                ("team_name", models.CharField(blank=True, max_length=80)),
                ("everyone", models.BooleanField(default=False)),
                (
                    "members",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        default=list,
                        help_text="Who was in the team, or in those inside it.",
                        size=None,
                    ),
                ),
                ("role_id", models.UUIDField(help_text="None: a single right.", null=True)),
                (
                    "label",
                    models.CharField(help_text="The name of the role, or the code of the right.", max_length=200),
                ),
                ("effect", models.CharField(max_length=5)),
                ("place_id", models.UUIDField()),
                ("place_name", models.CharField(max_length=200)),
                ("conditions", models.JSONField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("given_by", models.UUIDField(null=True)),
                ("given_at", models.DateTimeField()),
                (
                    "is_membership",
                    models.BooleanField(default=False, help_text="The lasting role of a member: it goes with it."),
                ),
                (
                    "reviewers",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("keep", "keep"), ("revoke", "revoke")],
                        db_default="",
                        default="",
                        max_length=6,
                    ),
                ),
                ("by_rule", models.BooleanField(db_default=False, default=False)),
                ("decided_by", models.UUIDField(null=True)),
                (
                    "decided_scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        help_text="Of the key that decided it.",
                        null=True,
                        size=None,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("words", models.CharField(blank=True, db_default="", default="", max_length=300)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("kept", "kept"),
                            ("revoked", "revoked"),
                            ("gone", "gone"),
                            ("changed", "changed"),
                            ("failed", "failed"),
                        ],
                        db_default="",
                        default="",
                        max_length=8,
                    ),
                ),
                ("outcome_text", models.CharField(blank=True, db_default="", default="", max_length=300)),
                ("outcome_at", models.DateTimeField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="rbac.review"
                    ),
                ),
            ],
            options={
                "db_table": "rbac_review_item",
                "indexes": [
                    models.Index(fields=["review", "decision", "id"], name="rbac_review_item_decision"),
                    django.contrib.postgres.indexes.GinIndex(fields=["reviewers"], name="rbac_review_item_reviewers"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "kind", "source_id"), name="rbac_review_item_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decision", ""), ("outcome", "")),
                            models.Q(models.Q(("decision", ""), _negated=True), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="rbac_review_item_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            ("person_id", None),
                            models.Q(("decided_by", models.F("person_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="rbac_review_item_not_oneself",
                    ),
                ],
            },
        ),
        grants.tenant("rbac_review", "SELECT, INSERT, UPDATE"),
        grants.tenant("rbac_review_item", "SELECT, INSERT, UPDATE"),
        migrations.RunSQL(KEPT, UNDO),
    ]
