"""Every order and every search of every declared list is answered by an index, behind the wall that it has in use."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.kit import context, registry, tenancy
from portal.kit.context import Actor, Context
from portal.kit.lists import List
from portal.kit.lists.search import GATHER
from portal.kit.paging import PAGE, Cursor
from portal.kit.search import Records, find, open_to
from portal.kit.services import writing
from rbac.services.custom_roles import MOST_ROLES
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, actor_of

PEOPLE, ORGANISATIONS, MEMBERS, EVENTS = 8_000, 6_000, 4_000, 12_000
SERVICES = 1_600  # Accounts of machines, which are listed by what people are found by.
BIG = 1_000  # Rows from which on reading a whole table is a fault.
# What a page reads: one row tells whether it goes on, and where an index ends before the id, the sort of rows with
# equal values looks at one of the next group.
MORE = PAGE + 2
# Lists that are read and sorted whole, with the most rows that one can have.
MOST = {"rbac.roles": MOST_ROLES + 30}
# Word and how many rows it finds: all of them (more than `GATHER`, so the order is walked), some, one.
WORDS = {"crowd": PEOPLE, "group7": (PEOPLE + SERVICES) // 40, "only3711": 1, "crowd group7": (PEOPLE + SERVICES) // 40}
FILL = f"""
INSERT INTO accounts_user (id, username, email, name, password, is_active, is_root, must_change_password, theme,
    created_at, last_seen_at)
SELECT uuid_at(n), 'only' || n, 'only' || n || '@example.org', 'Crowd Group' || n % 40, '!', n % 9 > 0, false, false,
    'system', now() - n * interval '7 minutes', CASE WHEN n % 3 > 0 THEN now() - (n * 37 % 9973) * interval '1 minute' END
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO accounts_organisation (id, slug, name, state, created_at)
SELECT uuid_at(100000 + n), 'only' || n, 'Crowd Group' || n % 40, CASE WHEN n % 9 > 0 THEN 'active' ELSE 'closed' END,
    now() - (n * 37 % 9973) * interval '1 minute'
FROM generate_series(1, {ORGANISATIONS}) AS n;
INSERT INTO accounts_membership (id, organisation_id, user_id, state, joined_at)
SELECT uuid_at(n * 10 + place), CASE place WHEN 0 THEN %(house)s::uuid ELSE uuid_at(100001 + n %% {ORGANISATIONS}) END,
    uuid_at(n), 'active', now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {MEMBERS}) AS n, generate_series(0, 1) AS place;
INSERT INTO accounts_recovery (id, user_id, reason, state, asked_by_id, asked_at, expires_at, ended_at, digest)
SELECT uuid_at(n), uuid_at(n), 'Lost', 'refused', uuid_at(n + 1), now() - (n * 37 %% 9973) * interval '1 minute', now(),
    now(), decode(md5(n::text) || md5('more' || n), 'hex')
FROM generate_series(1, {PEOPLE} - 1) AS n;
INSERT INTO rbac_elevation (id, organisation_id, user_id, role_label, scope_id, place, reason, minutes, state, asked_at,
    expires_at, decided_by_id, decided_at, words, ended_at)
SELECT uuid_at(n), CASE WHEN n %% 2 = 0 THEN %(house)s::uuid END, uuid_at(n), 'Admin', uuid_at(n), '', 'Why', 60, 'refused',
    now() - (n * 37 %% 9973) * interval '1 minute', now(), uuid_at(n + 1), now(), '', now()
FROM generate_series(1, {PEOPLE} - 1) AS n;
INSERT INTO rbac_glass (id, organisation_id, user_id, reason, started_at, expires_at, ended_at, binding_id, note, verdict,
    words)
SELECT uuid_at(n), %(house)s::uuid, uuid_at(n), 'Why', now() - (n * 37 %% 9973) * interval '1 minute', now(), now(),
    uuid_at(n), '', '', ''
FROM generate_series(1, {PEOPLE} - 1) AS n;
INSERT INTO audit_event (id, occurred_at, code, category, severity, outcome, actor_kind, organisation_id)
SELECT uuid_at(n), now() - n * interval '3 minutes', 'accounts.user.updated', 'administration', 'info', 'ok', 'system',
    CASE WHEN n %% 2 = 0 THEN %(house)s::uuid END
FROM generate_series(1, {EVENTS}) AS n;
SELECT audit_activity_ensure(current_date - 29, 29);
INSERT INTO audit_activity (id, occurred_at, channel, method, route, status, family, duration_ms, actor_kind,
    organisation_id, request_id)
SELECT uuid_at(n), now() - n * interval '3 minutes', 'page', 'GET', 'platform/people', 200, 2, 12.5, 'anonymous',
    CASE WHEN n %% 2 = 0 THEN %(house)s::uuid END, 'request-' || n
FROM generate_series(1, {EVENTS}) AS n;
INSERT INTO kit_outbound_message (id, address, category, subject, text, html, state, attempts, error, created_at)
SELECT uuid_at(200000 + n), 'only' || n || '@example.org', 'job', 'Crowd Group' || n %% 40, '', '',
    CASE WHEN n %% 9 > 0 THEN 'sent' ELSE 'failed' END, 1, '', now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO kit_suppressed_address (id, address, reason, detail, created_at)
SELECT uuid_at(300000 + n), 'only' || n || '@example.org', 'bounced', '', now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {MEMBERS}) AS n;
INSERT INTO accounts_user (id, username, email, name, password, is_active, is_root, must_change_password, theme,
    created_at, kind)
SELECT uuid_at(600000 + n), 'robot' || n, '', 'Crowd Group' || n %% 40 || ' only' || n + 2911, '!', true, false, false,
    'system', now() - n * interval '35 minutes', 'service'
FROM generate_series(1, {SERVICES}) AS n;
INSERT INTO accounts_service_account (id, organisation_id, user_id, description, created_at)
SELECT uuid_at(n), %(house)s::uuid, uuid_at(600000 + n), '', now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {SERVICES}) AS n;
INSERT INTO accounts_key (id, organisation_id, owner_id, name, live, prefix, digest, addresses, created_at, expires_at)
SELECT uuid_at(400000 + n), %(house)s::uuid, uuid_at(1 + n %% {MEMBERS}), 'Crowd Group' || n %% 40 || ' only' || n, true,
    'sk_live_' || lpad(n::text, 8, '0'), '', '{{}}', moment, moment + n %% 364 * interval '1 day'
FROM generate_series(1, {PEOPLE}) AS n, LATERAL (SELECT now() - (n * 37 %% 9973) * interval '1 minute' AS moment) AS made;
INSERT INTO auth_group (id, name) SELECT 1000000 + n, 'only' || n FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO rbac_team (id, organisation_id, name, slug, description, external_id, group_id, created_at)
SELECT uuid_at(500000 + n), %(house)s::uuid, 'Crowd Group' || n %% 40, 'only' || n, '', '', 1000000 + n,
    now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO rbac_role (id, catalogue, code, label, rank, organisation_id)
SELECT uuid_at(900000 + n), 'custom', 'only' || n, 'Crowd Group' || n %% 40, 10,
    CASE WHEN n %% 53 = 0 THEN %(house)s::uuid ELSE uuid_at(100001 + n %% {ORGANISATIONS}) END
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO rbac_scope (id, kind, parent_id, organisation_id)
SELECT uuid_at(n + place), CASE place WHEN 700000 THEN 'workspace' ELSE 'resource' END, %(house)s::uuid, %(house)s::uuid
FROM generate_series(1, {PEOPLE}) AS n, unnest(ARRAY[700000, 800000]) AS place;
INSERT INTO rbac_workspace (id, organisation_id, name, slug, description, external_id, created_at)
SELECT uuid_at(700000 + n), %(house)s::uuid, 'Crowd Group' || n %% 40, 'only' || n, '', '',
    now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO rbac_resource (id, organisation_id, type_id, external_id, name, attributes, updated_at)
SELECT uuid_at(800000 + n), %(house)s::uuid, (SELECT id FROM rbac_resource_type ORDER BY id LIMIT 1), 'only' || n,
    'Crowd Group' || n %% 40, '{{}}', now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO rbac_run (id, organisation_id, resource_id, external_id, name, state, phase, done, message, lines_count, created_at,
    finished_at, seen_at)
SELECT uuid_at(970000 + n), %(house)s::uuid, uuid_at(800000 + n), 'only' || n, '', 'succeeded', '', 0, '', 0, moment, moment,
    moment
FROM generate_series(1, {PEOPLE}) AS n, LATERAL (SELECT now() - (n * 37 %% 9973) * interval '1 minute' AS moment) AS made;
INSERT INTO rbac_review (id, organisation_id, name, place_name, role_ids, role_names, reviewers, undecided, applies, due_at,
    remind_days, state, created_at, closed_at)
SELECT uuid_at(950000 + n), CASE WHEN n %% 2 = 0 THEN %(house)s::uuid END, 'Crowd Group' || n %% 40, '', '{{}}', '{{}}',
    'owners', 'keep', 'at_once', moment + interval '14 days', '{{}}', 'closed', moment, moment + interval '14 days'
FROM generate_series(1, {PEOPLE}) AS n, LATERAL (SELECT now() - (n * 37 %% 9973) * interval '1 minute' AS moment) AS made;
INSERT INTO billing_legal_entity (id, code, name, line1, line2, postal_code, city, region, country, email, registration,
    regime, tax_id, currency, time_zone, prefix, numbering, due_days, iban, bic, upi_id, footer, is_default, created_at)
VALUES (uuid_at(980000), 'only', 'Only', '', '', '', '', '', '', '', '', 'none', '', 'EUR', 'UTC', 'INV', 'entity', 14, '',
    '', '', '', false, now());
INSERT INTO billing_customer (id, organisation_id, entity_id, name, line1, line2, postal_code, city, region, country, email,
    language, currency, time_zone, tax_status, sandbox, created_at)
VALUES (uuid_at(980001), %(house)s::uuid, uuid_at(980000), 'Only', '', '', '', '', '', '', '', 'en', 'EUR', 'UTC', 'taxable',
    false, now());
INSERT INTO billing_invoice (id, organisation_id, customer_id, entity_id, state, currency, sandbox, subtotal, discount, tax,
    total, paid, credited, noted, written_off, collect, coupons, memo, seller, buyer, notes, created_at)
SELECT uuid_at(980001 + n), %(house)s::uuid, uuid_at(980001), uuid_at(980000), 'draft', 'EUR', false, 0, 0, 0, 0, 0, 0, 0, 0,
    true, '[]', 'Crowd Group' || n %% 40 || ' only' || n, '{{}}', '{{}}', '[]',
    now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_legal_entity (id, code, name, email, registration, regime, tax_id, currency, time_zone, prefix, numbering,
    due_days, iban, bic, upi_id, footer, is_default, line1, line2, postal_code, city, region, country, created_at)
SELECT uuid_at(1100000 + n), 'only' || n, 'Crowd Group' || n %% 40, '', '', 'none', '', 'EUR', 'UTC', 'INV', 'entity', 14, '', '',
    '', '', false, '', '', '', '', '', 'DE', now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_customer (id, organisation_id, entity_id, name, email, language, currency, time_zone, tax_status, sandbox,
    line1, line2, postal_code, city, region, country, created_at)
SELECT uuid_at(1200000 + n), uuid_at(100000 + n), uuid_at(1100001), 'Crowd Group' || n %% 40, '', 'en', 'EUR', 'UTC', 'taxable',
    n %% 9 = 0, '', '', '', '', '', 'DE', now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {ORGANISATIONS}) AS n;
INSERT INTO billing_webhook_endpoint (id, organisation_id, url, description, types, state, secret_key_id, secret_sealed,
    former_key_id, created_at)
SELECT uuid_at(980000 + n), %(house)s::uuid, 'https://crowd' || n || '.example.com/', '', '{{member.added}}', 'active', 'k',
    ''::bytea, '', now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_number_series (id, entity_id, kind, year, sandbox, prefix, first, last, created_at)
VALUES (uuid_at(1400001), uuid_at(980000), 'invoice', 2026, false, 'LONE', 1, {PEOPLE}, now());
UPDATE billing_invoice SET state = 'open', series_id = uuid_at(1400001), sequence = numbered.n, number = 'LONE' || numbered.n,
    issued_at = created_at, due_at = created_at
FROM (SELECT uuid_at(980001 + n) AS id, n FROM generate_series(2, {PEOPLE}) AS n) AS numbered
WHERE billing_invoice.id = numbered.id;
INSERT INTO billing_invoice_line (id, organisation_id, invoice_id, position, key, kind, description, quantity, amount, discount,
    tax, tax_category, discountable, credited_net, credited_tax)
VALUES (uuid_at(1400000), %(house)s::uuid, uuid_at(980002), 1, 'only', 'one_off', 'Only', 1, {PEOPLE}, 0, 0, 'standard', true, 0, 0);
INSERT INTO billing_number_series (id, entity_id, kind, year, sandbox, prefix, first, last, created_at)
VALUES (uuid_at(1400000), uuid_at(980000), 'credit_note', 2026, false, 'ONLY', 1, {PEOPLE}, now());
INSERT INTO billing_credit_note (id, organisation_id, invoice_id, customer_id, entity_id, series_id, sequence, number, key,
    currency, sandbox, destination, reason, subtotal, tax, total, applied, seller, buyer, notes, invoice_number, journal_id,
    created_at, issued_at)
SELECT uuid_at(1400000 + n), %(house)s::uuid, uuid_at(980002), uuid_at(980001), uuid_at(980000), uuid_at(1400000), n,
    'Crowd Group' || n %% 40 || ' only' || n, 'only' || n, 'EUR', false, 'open', '', 1, 0, 1, 0, '{{}}', '{{}}', '[]', 'Only',
    uuid_at(n), moment, moment
FROM generate_series(1, {PEOPLE}) AS n, LATERAL (SELECT now() - (n * 37 %% 9973) * interval '1 minute' AS moment) AS made;
INSERT INTO billing_credit_note_line (id, organisation_id, credit_note_id, line_id, position, description, net, tax)
SELECT uuid_at(1400000 + n), %(house)s::uuid, uuid_at(1400000 + n), uuid_at(1400000), 1, '', 1, 0
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_product (id, code, name, description, created_at)
VALUES (uuid_at(1400000), 'only', 'Only', '', now());
INSERT INTO billing_plan (id, product_id, code, family, name, description, kind, state, visibility, position, created_at)
VALUES (uuid_at(1400000), uuid_at(1400000), 'only', 'only', 'Only', '', 'base', 'active', 'public', 1, now());
INSERT INTO billing_plan_version (id, plan_id, number, published_at, interval_unit, interval_count, billing, anchor, proration,
    trial_days, on_upgrade, on_downgrade, dunning, created_at)
VALUES (uuid_at(1400000), uuid_at(1400000), 1, now(), 'month', 1, 'advance', 'anniversary', 'day_ratio', 0, 'now', 'now', '{{}}',
    now());
INSERT INTO billing_subscription (id, organisation_id, customer_id, plan_version_id, state, currency, started_at, anchor_at,
    anchor_day, current_period_start, current_period_end, mrr, bills, created_at)
SELECT uuid_at(1500000 + n), uuid_at(100000 + n), uuid_at(1200000 + n), uuid_at(1400000), 'active', 'EUR', moment, moment, 1,
    moment, moment + interval '1 month', n, 0, moment
FROM generate_series(1, {ORGANISATIONS}) AS n,
    LATERAL (SELECT now() - (n * 37 %% 9973) * interval '1 minute' AS moment) AS made;
INSERT INTO billing_provider_account (id, code, provider, label, live, public_key, api_base, is_default, is_active, created_at)
SELECT uuid_at(1600000 + n), 'only' || n, 'sandbox', 'Crowd Group' || n %% 40, false, '', '', false, true,
    now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_payment (id, organisation_id, customer_id, account_id, provider, provider_ref, checkout_ref, key, origin,
    state, amount, currency, applied, fee, refunded, disputed, attempt, failure_code, failure_text, reference, flag, event_at,
    created_at, changed_at)
SELECT uuid_at(1700000 + n), organisation, customer, uuid_at(1600001), 'sandbox', '', '', 'only' || n, 'checkout',
    'created', n, 'EUR', 0, 0, 0, 0, 1, '', '', '', '', moment, moment, moment
FROM generate_series(1, {PEOPLE}) AS n, LATERAL (SELECT now() - (n * 37 %% 9973) * interval '1 minute' AS moment,
    CASE WHEN n %% 2 = 0 THEN %(house)s::uuid ELSE uuid_at(100001 + n %% {ORGANISATIONS}) END AS organisation,
    CASE WHEN n %% 2 = 0 THEN uuid_at(980001) ELSE uuid_at(1200001 + n %% {ORGANISATIONS}) END AS customer) AS made;
INSERT INTO billing_provider_event (id, account_id, event_ref, kind, body, headers, state, error, attempts, repeats, occurred_at,
    received_at)
SELECT uuid_at(1800000 + n), uuid_at(1600001), 'only' || n, 'payment.succeeded', ''::bytea, '{{}}', 'received', '', 0, 0, moment,
    moment
FROM generate_series(1, {PEOPLE}) AS n, LATERAL (SELECT now() - (n * 37 %% 9973) * interval '1 minute' AS moment) AS made;
INSERT INTO billing_dunning_run (id, organisation_id, customer_id, invoice_id, currency, state, stage, policy, attempts, since,
    due_at, created_at, ended_at)
SELECT uuid_at(1900000 + n), %(house)s::uuid, uuid_at(980001), uuid_at(980002), 'EUR', 'cleared', 'none', '{{}}', 0, moment,
    moment, moment, now()
FROM generate_series(1, {PEOPLE}) AS n, LATERAL (SELECT now() - (n * 37 %% 9973) * interval '1 minute' AS moment) AS made;
INSERT INTO billing_plan (id, product_id, code, family, name, description, kind, state, visibility, position, created_at)
SELECT uuid_at(2000000 + n), uuid_at(1400000), 'only' || n, 'only', 'Crowd Group' || n %% 40, '', 'base', 'draft', 'public', n,
    now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_meter (id, code, name, unit, aggregation, property, created_at)
SELECT uuid_at(2100000 + n), 'only' || n, 'Crowd Group' || n %% 40, 'call', 'count', '', now()
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_feature (id, code, name, description, kind, unit, position, created_at)
SELECT uuid_at(2200000 + n), 'only' || n, 'Crowd Group' || n %% 40, '', 'switch', '', n, now()
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_coupon (id, code, name, percent_off, currency, duration, redeemed, created_at)
SELECT uuid_at(2300000 + n), 'ONLY' || n, 'Crowd Group' || n %% 40, 10, '', 'once', 0,
    now() - (n * 37 %% 9973) * interval '1 minute'
FROM generate_series(1, {PEOPLE}) AS n;
"""
# What the application itself may not write: the ledger's rows, by the owner, in one transaction since journals balance.
LEDGER = f"""
INSERT INTO billing_ledger_account (id, path, currency, kind, name, sandbox, stripes, created_at)
SELECT uuid_at(1100000 + n), 'assets:fill:only' || n, 'EUR', 'asset', 'Crowd Group' || n % 40, false, 1, now()
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_journal (id, key, body_hash, event_at, recorded_at, kind, description, document_kind, sandbox)
SELECT uuid_at(1200000 + n), 'only' || n, '', now() - (n * 37 % 9973) * interval '1 minute', now(), 'fill', '', '', false
FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO billing_entry (journal_id, position, account_id, stripe, currency, amount, balance_after, account_version,
    event_at, recorded_at, reference)
SELECT uuid_at(1200000 + n), side, uuid_at(1100000 + n), 0, 'EUR', CASE side WHEN 1 THEN 5 ELSE -5 END, 5, side, now(), now(), ''
FROM generate_series(1, {PEOPLE}) AS n, generate_series(1, 2) AS side;
INSERT INTO billing_statement_line (id, bank, currency, booked_on, amount, reference, counterparty, external_id, state,
    note, imported_at)
SELECT uuid_at(1300000 + n), 'main', 'EUR', current_date - n * 37 % 997, 5, 'Crowd Group' || n % 40, 'only' || n,
    n::text, 'open', '', now()
FROM generate_series(1, {PEOPLE}) AS n;
"""
# UUIDv7 of three minutes apart, so that events lie in the window that the trail looks at.
UUID_AT = """
CREATE FUNCTION uuid_at(n bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM now() - n * interval '3 minutes') * 1000)::bigint), 12, '0')
        || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid
$$;
"""
HOUSED = {
    "accounts.members",
    "accounts.keys",
    "accounts.service_accounts",
    "rbac.teams",
    "rbac.workspaces",
    "rbac.resources",
    "rbac.roles",
    "rbac.reviews",
    "rbac.elevations",
    "rbac.runs",
    "billing.own_invoices",
    "billing.webhooks",
}  # Their rows are one organisation's; the trail is looked at from both sides.
BOTH = {"audit.events", "audit.activity"}


def fill(environment: dict[str, str], house: House) -> set[str]:
    """Many rows of everything, with fresh statistics; the names of the tables that are big."""
    statements = FILL.replace("%%", "%").replace("%(house)s", f"'{house.id}'").split(";\n")
    with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(UUID_AT)
        owner.execute("GRANT EXECUTE ON FUNCTION uuid_at(bigint) TO PUBLIC")
        owner.execute(LEDGER.encode())
    with context.system("a test"), writing(), connection.cursor() as cursor:
        for statement in statements:
            if statement.strip():
                cursor.execute(statement)
    with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
        rows = owner.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [BIG]).fetchall()
    return {str(row[0]) for row in rows}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def faults(sql: str, big: set[str], most: int) -> list[str]:
    """What is wrong with the way in which the database answers `sql`, run here and now: a big table read whole, more than
    `most` rows sorted or read and thrown away, a word of a search that is not a condition of an index."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, FORMAT JSON) {sql}")
        (told,) = cursor.fetchone()
    found = []
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    for node in nodes(plan):
        kind, table = node["Node Type"], node.get("Relation Name", "")
        thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        if kind == "Seq Scan" and table in big:
            found.append(f"reads all of {table}")
        if kind in {"Sort", "Incremental Sort"}:
            below = max(one["Actual Rows"] * one["Actual Loops"] for one in node["Plans"])
            if below > most:
                found.append(f"sorts {below} rows by {node.get('Sort Key')}")
        if thrown * node["Actual Loops"] > most:
            found.append(f"{kind} of {table} throws {thrown} rows away: {node.get('Filter')}")
        if table == "kit_search_token" and not _by_range(node):
            found.append(f"{kind} of the tokens without their range: {node.get('Index Cond')} {node.get('Filter')}")
    return found


def _by_range(node: dict[str, Any]) -> bool:
    # A bitmap has its condition below, at its index; what is checked again are the rows of whole pages.
    condition = node.get("Index Cond") or node.get("Recheck Cond", "")
    return "token >= " in condition and "token < " in condition and "token" not in node.get("Filter", "")


def asked(declared: List, actor: Actor, query: dict[str, Any], cursor: Cursor | None) -> list[str]:
    """The statements of one page."""
    chosen = declared.parse({**query, **({"cursor": str(cursor)} if cursor else {})})
    with CaptureQueriesContext(connection) as caught:
        page = declared.page(actor, chosen)
    assert page.items, (declared.name, query)
    return [one["sql"] for one in caught if "SELECT" in one["sql"]]


def middle(declared: List, actor: Actor) -> UUID:
    """A row deep in the list."""
    place = 50 if declared.name in MOST else 1_500
    rows: list[UUID] = list(declared.source(actor).order_by("id").values_list("pk", flat=True)[place : place + 1])
    assert rows, f"{declared.name} has fewer than {place} rows: `fill` makes none"
    return rows[0]


def looked(declared: List, actor: Actor, big: set[str]) -> list[str]:
    """The faults of each order, at the beginning and deep in the list, both ways, and of each search."""
    deep = middle(declared, actor)
    more = MOST.get(declared.name, MORE)
    places = [None, Cursor(deep), Cursor(deep, backwards=True)]
    questions: list[tuple[dict[str, Any], Cursor | None, int]] = [
        ({"sort": f"{sign}{name}"}, place, more) for name in declared.orders for sign in ("", "-") for place in places
    ]
    if declared.search is not None:
        for word, hits in WORDS.items():
            # Few are gathered by their ids and sorted; of many the order is walked, past rows of which each is one.
            most = max(hits, MORE) if hits <= GATHER else MORE
            questions += [
                ({"q": word, "sort": sort}, None, most) for sort in (declared.sort, "-created") if _has(declared, sort)
            ]
    told = []
    for query, place, most in questions:
        for sql in asked(declared, actor, query, place):
            told += [f"{declared.name} {query} {place or 'first'}: {fault}" for fault in faults(sql, big, most)]
    return told


def found(actor: Actor, big: set[str]) -> list[str]:
    """The faults of the global search, kind by kind, for each word, an id and an exact name."""
    told = []
    for kind in open_to(actor):
        # The small tables of the catalogue have no tokens: their lists have no search either.
        if not isinstance(kind, Records) or kind.narrow is not None:
            continue
        key = str(kind.source(actor).order_by().values_list("pk", flat=True).first())
        for word, hits in {**WORDS, key: 1, "nothing-is-called-so": 1}.items():
            with CaptureQueriesContext(connection) as caught:
                find(actor, word, [kind])
            most = max(hits, MORE) if hits <= GATHER else MORE
            told += [
                f"search {kind.name} {word}: {fault}"
                for one in caught
                if "SELECT" in one["sql"]
                for fault in faults(one["sql"], big, most)
            ]
    return told


def _has(declared: List, sort: str) -> bool:
    return sort.removeprefix("-") in declared.orders


def _stands(actor: Actor) -> Context:
    return Context(actor=actor, source="request", platform=actor.organisation_id is None)


def test_every_order_and_search_of_every_list_is_answered_by_an_index(
    own_database: dict[str, str], world: World
) -> None:
    house = make_house("Harbour")
    big = fill(own_database, house)
    assert {"accounts_user", "accounts_organisation", "accounts_membership", "kit_search_token"} <= big
    told: list[str] = []
    seen = set()
    for declared in registry.lists:
        staff, member = actor_of(world.root), house.inside(house.owner)
        for actor in [member] if declared.name in HOUSED else [staff, member] if declared.name in BOTH else [staff]:
            with context.use(_stands(actor)), tenancy.behind_the_wall():
                role = "steward_platform" if actor is staff else "steward_app"
                with connection.cursor() as cursor:
                    cursor.execute("SELECT current_user::text")
                    assert cursor.fetchone() == (role,)
                told += looked(declared, actor, big)
                seen.add((declared.name, role))
    for actor in (actor_of(world.root), house.inside(house.owner)):
        with context.use(_stands(actor)), tenancy.behind_the_wall():
            told += found(actor, big)
    assert told == [], "\n".join(told)
    assert {name for name, _role in seen} == {declared.name for declared in registry.lists}

    # What it looks for it also finds: an order without an index, a name that is looked for inside.
    with context.system("a test"), tenancy.behind_the_wall():
        unordered = faults(str(User.objects.order_by("kind")[:MORE].query), big, MORE)
        inside = faults("SELECT object_id FROM kit_search_token WHERE token LIKE '%3711%'", big, MORE)
    assert any(fault.startswith("sorts") for fault in unordered)
    assert any("without their range" in fault for fault in inside)
