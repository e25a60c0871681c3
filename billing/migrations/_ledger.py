"""What the ledger's tables refuse, and the functions that alone write to them (SQL of migration 0002)."""

# Only the owner of the tables is let through: for repairs with a migration that everybody can read.
OWNER = "current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)"

KEPT = f"""
CREATE FUNCTION billing_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {OWNER} THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '%: % is refused, what was posted stays', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege', HINT = 'Post a journal that reverses it.';
END $$;
CREATE TRIGGER billing_ledger_account_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_refuse();
CREATE TRIGGER billing_ledger_balance_kept BEFORE DELETE OR TRUNCATE ON billing_ledger_balance
    FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_refuse();
CREATE TRIGGER billing_journal_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_journal
    FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_refuse();
CREATE TRIGGER billing_entry_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_entry
    FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_refuse();
CREATE TRIGGER billing_hold_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_hold
    FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_refuse();
CREATE TRIGGER billing_closing_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON billing_closing
    FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_refuse();
CREATE TRIGGER billing_statement_line_stays BEFORE DELETE OR TRUNCATE ON billing_statement_line
    FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_refuse();

CREATE FUNCTION billing_statement_line_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - ARRAY['state', 'journal_id', 'note', 'settled_at']
        <> to_jsonb(OLD) - ARRAY['state', 'journal_id', 'note', 'settled_at'] THEN
        RAISE EXCEPTION 'what the bank said stays as it was' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_statement_line_kept BEFORE UPDATE ON billing_statement_line
    FOR EACH ROW EXECUTE FUNCTION billing_statement_line_kept();

-- Once per journal, when all of it is there, whoever wrote it. Entries of 0 are refused by a constraint, so a currency
-- that sums to 0 has at least two of them.
CREATE FUNCTION billing_journal_balanced() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    worst bigint;
BEGIN
    SELECT max(abs(total)) INTO worst
    FROM (SELECT sum(amount)::bigint AS total FROM billing_entry WHERE journal_id = NEW.id GROUP BY currency) sums;
    IF worst IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'journal % does not balance', NEW.key USING ERRCODE = 'SL003';
    END IF;
    IF NEW.reverses_id IS NOT NULL AND EXISTS (
        SELECT FROM billing_entry WHERE journal_id IN (NEW.id, NEW.reverses_id) GROUP BY account_id HAVING sum(amount) <> 0
    ) THEN
        RAISE EXCEPTION 'journal % does not take back what it reverses', NEW.key USING ERRCODE = 'SL003';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER billing_journal_balanced AFTER INSERT ON billing_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    -- The functions that post have proved it, except that a reversal takes back everything.
    WHEN (NEW.reverses_id IS NOT NULL OR current_setting('billing.proved', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION billing_journal_balanced();

ALTER TABLE billing_ledger_balance SET (fillfactor = 40);
"""

# Accounts are locked, and opened, in the order of their paths (and stripes) in every function, so that no two callers wait
# for each other. One closing lock: postings share it to their commit, who closes has it alone, so nothing slips in behind.
POST = """
CREATE FUNCTION billing_ledger_open(accounts jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH wanted AS (
        SELECT * FROM jsonb_to_recordset(accounts) AS a(id uuid, path text, currency text, kind text, name text,
            customer uuid, stripes integer, floor bigint, ceiling bigint, opened_at timestamptz)
    ), opened AS (
        INSERT INTO billing_ledger_account
            (id, path, currency, kind, name, sandbox, customer_id, stripes, created_at)
        SELECT id, path, currency, kind, name, path LIKE 'sandbox:%', customer, stripes, opened_at
        FROM wanted ORDER BY path COLLATE "C", currency COLLATE "C"
        ON CONFLICT (path, currency) DO NOTHING
        RETURNING id, stripes
    )
    INSERT INTO billing_ledger_balance
        (account_id, stripe, balance, pending_debit, pending_credit, version, floor, ceiling)
    SELECT o.id, n, 0, 0, 0, 0, CASE WHEN o.stripes = 1 THEN w.floor END, CASE WHEN o.stripes = 1 THEN w.ceiling END
    FROM opened o JOIN wanted w USING (id), generate_series(0, o.stripes - 1) n;
$$;

CREATE FUNCTION billing_ledger_find(place text, coin text, accounts jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_ledger_account WHERE path = place AND currency = coin) THEN
        RETURN;
    END IF;
    PERFORM billing_ledger_open((SELECT jsonb_agg(account) FROM jsonb_array_elements(accounts) account
        WHERE account->>'path' = place AND account->>'currency' = coin));
    IF NOT EXISTS (SELECT FROM billing_ledger_account WHERE path = place AND currency = coin) THEN
        RAISE EXCEPTION 'no account %', place USING ERRCODE = 'SL005';
    END IF;
END $$;

-- One journal of one currency, no path twice, which is most of them: line by line, where a plan for many would cost more.
-- `turns` numbers its lines in the order of their paths. It proves for itself what the trigger would ask at the commit, and
-- tells it so by a setting while it writes the journal.
CREATE FUNCTION billing_ledger_post_one(post jsonb, turns integer[], accounts jsonb, OUT journal uuid, OUT made boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    body jsonb := post->'body';
    lines jsonb := body->'lines';
    coin text := lines->0->>'currency';
    hash bytea := sha256(convert_to(body::text, 'UTF8'));
    happened timestamptz := body->>'event_at';
    written timestamptz := post->>'recorded_at';
    whose uuid := body->>'customer';
    books boolean := body->>'sandbox';
    closed_until timestamptz;
    hash_before bytea;
    told text;
    number integer;
    line jsonb;
    place text;
    place_before text := '';
    taken bigint;
    total bigint := 0;
    its_account uuid;
    its_stripe integer;
    its_balance bigint;
    its_version bigint;
    its_customer uuid;
BEGIN
    -- Assignments, for PERFORM would run them as queries.
    told := pg_advisory_xact_lock_shared(hashtext('billing_closing'))::text;
    told := set_config('billing.proved', 'on', true);
    journal := post->>'id';
    INSERT INTO billing_journal (id, key, body_hash, event_at, recorded_at, kind, description, document_kind,
        document_id, customer_id, reverses_id, sandbox)
    VALUES (journal, post->>'key', hash, happened, written, body->>'kind', body->>'description', body->>'document_kind',
        (body->>'document')::uuid, whose, (body->>'reverses')::uuid, books)
    ON CONFLICT (key) DO NOTHING
    RETURNING (SELECT until FROM billing_closing WHERE sandbox = books ORDER BY number DESC LIMIT 1) INTO closed_until;
    made := FOUND;
    told := set_config('billing.proved', '', true);
    IF NOT made THEN
        SELECT id, body_hash INTO journal, hash_before FROM billing_journal WHERE key = post->>'key';
        IF hash_before <> hash THEN
            RAISE EXCEPTION 'a key was used for another journal' USING ERRCODE = 'SL001';
        END IF;
        RETURN;
    END IF;
    IF happened < closed_until THEN
        RAISE EXCEPTION 'the books of that time are closed' USING ERRCODE = 'SL002';
    END IF;

    FOREACH number IN ARRAY turns LOOP
        line := lines->number;
        place := line->>'path';
        taken := line->>'amount';
        total := total + taken;
        IF starts_with(place, 'sandbox:') <> books THEN
            RAISE EXCEPTION 'sandbox and real accounts in one journal' USING ERRCODE = 'SL004';
        END IF;
        IF line->>'currency' IS DISTINCT FROM coin OR place COLLATE "C" <= place_before THEN
            RAISE EXCEPTION 'this is a journal for billing_ledger_post' USING ERRCODE = 'SL005';
        END IF;
        LOOP
            UPDATE billing_ledger_balance b SET balance = b.balance + taken, version = b.version + 1
            FROM billing_ledger_account a
            WHERE a.path = place AND a.currency = coin AND b.account_id = a.id
                AND b.stripe = mod(pg_backend_pid(), a.stripes)
            RETURNING b.account_id, b.stripe, b.balance, b.version, coalesce(a.customer_id, whose)
            INTO its_account, its_stripe, its_balance, its_version, its_customer;
            EXIT WHEN FOUND;
            PERFORM billing_ledger_find(place, coin, accounts);
        END LOOP;
        INSERT INTO billing_entry (journal_id, position, account_id, stripe, currency, amount, balance_after,
            account_version, event_at, recorded_at, customer_id, reference)
        VALUES (journal, number + 1, its_account, its_stripe, coin, taken, its_balance, its_version, happened, written,
            its_customer, coalesce(line->>'reference', ''));
        place_before := place;
    END LOOP;
    IF total IS DISTINCT FROM 0 OR place_before = '' OR cardinality(turns) <> jsonb_array_length(lines) THEN
        RAISE EXCEPTION 'debits and credits differ' USING ERRCODE = 'SL003';
    END IF;
END $$;

CREATE FUNCTION billing_ledger_post(posts jsonb, accounts jsonb)
    RETURNS TABLE (key text, journal uuid, made boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    fresh uuid[];
    first_real timestamptz;
    first_sandbox timestamptz;
    place record;
    missing boolean;
    mixed boolean;
    paths text[];
    currencies text[];
    ids uuid[];
    owners uuid[];
    stripes integer[];
    totals bigint[];
    numbers bigint[];
    befores bigint[];
    versions bigint[];
    sound boolean;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('billing_closing'));
    PERFORM set_config('billing.proved', 'on', true);
    WITH added AS (
        INSERT INTO billing_journal (id, key, body_hash, event_at, recorded_at, kind, description, document_kind,
            document_id, customer_id, reverses_id, sandbox)
        SELECT (post->>'id')::uuid, post->>'key', sha256(convert_to((post->'body')::text, 'UTF8')),
            (post->'body'->>'event_at')::timestamptz, (post->>'recorded_at')::timestamptz, post->'body'->>'kind',
            post->'body'->>'description', post->'body'->>'document_kind', (post->'body'->>'document')::uuid,
            (post->'body'->>'customer')::uuid, (post->'body'->>'reverses')::uuid, (post->'body'->>'sandbox')::boolean
        FROM jsonb_array_elements(posts) post
        ORDER BY post->>'key'
        ON CONFLICT (key) DO NOTHING
        RETURNING id, event_at, sandbox
    )
    SELECT array_agg(id), min(event_at) FILTER (WHERE NOT sandbox), min(event_at) FILTER (WHERE sandbox)
    INTO fresh, first_real, first_sandbox FROM added;
    PERFORM set_config('billing.proved', '', true);

    IF fresh IS NULL OR cardinality(fresh) < jsonb_array_length(posts) THEN
        IF EXISTS (
            SELECT FROM jsonb_array_elements(posts) post JOIN billing_journal j ON j.key = post->>'key'
            WHERE j.body_hash <> sha256(convert_to((post->'body')::text, 'UTF8'))
        ) THEN
            RAISE EXCEPTION 'a key was used for another journal' USING ERRCODE = 'SL001';
        END IF;
    END IF;

    IF fresh IS NOT NULL THEN
        IF first_real < billing_ledger_closed(false) OR first_sandbox < billing_ledger_closed(true) THEN
            RAISE EXCEPTION 'the books of that time are closed' USING ERRCODE = 'SL002';
        END IF;

        SELECT array_agg(w.path ORDER BY w.path COLLATE "C", w.currency COLLATE "C"),
            array_agg(w.currency ORDER BY w.path COLLATE "C", w.currency COLLATE "C"),
            array_agg(w.total ORDER BY w.path COLLATE "C", w.currency COLLATE "C"),
            array_agg(w.number ORDER BY w.path COLLATE "C", w.currency COLLATE "C"),
            bool_or(w.mixed),
            bool_or(NOT EXISTS (SELECT FROM billing_ledger_account a WHERE a.path = w.path AND a.currency = w.currency))
        INTO paths, currencies, totals, numbers, mixed, missing
        FROM (
            SELECT l.path, l.currency, sum(l.amount)::bigint AS total, count(*) AS number,
                bool_or(starts_with(l.path, 'sandbox:') <> (post->'body'->>'sandbox')::boolean) AS mixed
            FROM jsonb_array_elements(posts) post,
                jsonb_to_recordset(post->'body'->'lines') AS l(path text, currency text, amount bigint)
            WHERE (post->>'id')::uuid = ANY (fresh)
            GROUP BY l.path, l.currency
        ) w;
        IF mixed THEN
            RAISE EXCEPTION 'sandbox and real accounts in one journal' USING ERRCODE = 'SL004';
        END IF;
        IF missing THEN
            -- Each in its turn: who opens one while holding another below it would be waited for in a circle.
            FOR place IN SELECT * FROM unnest(paths, currencies) WITH ORDINALITY AS p(path, currency, turn) ORDER BY turn
            LOOP
                PERFORM billing_ledger_find(place.path, place.currency, accounts);
                PERFORM FROM billing_ledger_account a JOIN billing_ledger_balance b ON b.account_id = a.id
                    AND b.stripe = mod(pg_backend_pid(), a.stripes)
                WHERE a.path = place.path AND a.currency = place.currency FOR UPDATE OF b;
            END LOOP;
        END IF;

        -- Look-ups, each by its key and in its turn: a join could be planned to read all accounts for a few lines.
        SELECT array_agg(h.id ORDER BY h.turn), array_agg(h.customer_id ORDER BY h.turn),
            array_agg(h.stripe ORDER BY h.turn), array_agg(h.balance ORDER BY h.turn), array_agg(h.version ORDER BY h.turn)
        INTO ids, owners, stripes, befores, versions
        FROM (
            SELECT p.turn, a.id, a.customer_id, b.stripe::integer, b.balance, b.version
            FROM (SELECT * FROM unnest(paths, currencies) WITH ORDINALITY AS p(path, currency, turn) ORDER BY turn) p
                CROSS JOIN LATERAL (
                    SELECT * FROM billing_ledger_account WHERE path = p.path AND currency = p.currency LIMIT 1
                ) a
                CROSS JOIN LATERAL (
                    SELECT * FROM billing_ledger_balance
                    WHERE account_id = a.id AND stripe = mod(pg_backend_pid(), a.stripes) FOR UPDATE
                ) b
        ) h;
        UPDATE billing_ledger_balance b SET balance = b.balance + s.total, version = b.version + s.number
        FROM unnest(ids, stripes, totals, numbers) AS s(id, stripe, total, number)
        WHERE b.account_id = s.id AND b.stripe = s.stripe;

        WITH added AS (
            INSERT INTO billing_entry (journal_id, position, account_id, stripe, currency, amount, balance_after,
                account_version, event_at, recorded_at, customer_id, reference)
            SELECT (post->>'id')::uuid, l.position, s.id, s.stripe, s.currency, l.amount,
                s.before + sum(l.amount) OVER taken, s.version + row_number() OVER taken,
                (post->'body'->>'event_at')::timestamptz, (post->>'recorded_at')::timestamptz,
                coalesce(s.owner, (post->'body'->>'customer')::uuid), coalesce(l.reference, '')
            FROM jsonb_array_elements(posts) WITH ORDINALITY AS p(post, place),
                ROWS FROM (jsonb_to_recordset(post->'body'->'lines')
                    AS (path text, currency text, amount bigint, reference text))
                    WITH ORDINALITY AS l(path, currency, amount, reference, position)
                JOIN unnest(paths, currencies, ids, owners, stripes, befores, versions)
                    AS s(path, currency, id, owner, stripe, before, version) ON s.path = l.path AND s.currency = l.currency
            WHERE (post->>'id')::uuid = ANY (fresh)
            WINDOW taken AS (PARTITION BY s.id ORDER BY p.place, l.position)
            ORDER BY p.place, l.position
            RETURNING journal_id, currency, amount
        )
        SELECT bool_and(total = 0) AND count(DISTINCT journal_id) = cardinality(fresh) INTO sound
        FROM (SELECT journal_id, sum(amount) AS total FROM added GROUP BY journal_id, currency) sums;
        IF sound IS NOT TRUE THEN
            RAISE EXCEPTION 'debits and credits differ' USING ERRCODE = 'SL003';
        END IF;
    END IF;

    RETURN QUERY SELECT j.key::text, j.id, coalesce(j.id = ANY (fresh), false)
        FROM jsonb_array_elements(posts) post
            CROSS JOIN LATERAL (SELECT * FROM billing_journal WHERE billing_journal.key = post->>'key' LIMIT 1) j;
END $$;
"""

CLOSINGS = """
CREATE FUNCTION billing_ledger_closed(books boolean) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT until FROM billing_closing WHERE sandbox = books ORDER BY number DESC LIMIT 1);
END $$;

CREATE FUNCTION billing_ledger_close(closing jsonb) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    books boolean := (closing->>'sandbox')::boolean;
    asked timestamptz := (closing->>'until')::timestamptz;
    latest timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('billing_closing'));
    latest := billing_ledger_closed(books);
    IF (closing->>'reopens')::boolean THEN
        IF latest IS NULL OR asked >= latest THEN
            RAISE EXCEPTION 'that is not closed' USING ERRCODE = 'SL010';
        END IF;
    ELSIF asked <= latest THEN
        RAISE EXCEPTION 'that is closed already' USING ERRCODE = 'SL011';
    END IF;
    INSERT INTO billing_closing (id, number, sandbox, until, reopens, reason, by_id, by_label, recorded_at)
    SELECT (closing->>'id')::uuid, coalesce(max(number), 0) + 1, books, asked, (closing->>'reopens')::boolean,
        closing->>'reason', (closing->>'by')::uuid, closing->>'label', (closing->>'recorded_at')::timestamptz
    FROM billing_closing WHERE sandbox = books;
    RETURN (closing->>'id')::uuid;
END $$;
"""

# What is held stands in stripe 0, whoever placed it, or who ends it could not find it.
HOLDS = """
CREATE FUNCTION billing_ledger_pend(debit uuid, credit uuid, amount bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    side uuid;
BEGIN
    FOR side IN SELECT id FROM billing_ledger_account WHERE id IN (debit, credit) ORDER BY path COLLATE "C", currency LOOP
        UPDATE billing_ledger_balance b SET
            pending_debit = b.pending_debit + CASE WHEN side = debit THEN amount ELSE 0 END,
            pending_credit = b.pending_credit + CASE WHEN side = credit THEN amount ELSE 0 END
        WHERE b.account_id = side AND b.stripe = 0;
    END LOOP;
END $$;

CREATE FUNCTION billing_ledger_hold(hold jsonb, accounts jsonb) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    body jsonb := hold->'body';
    hash bytea := sha256(convert_to((hold->'body')::text, 'UTF8'));
    placed record;
    found_hash bytea;
    found_id uuid;
BEGIN
    IF (SELECT count(*) FROM jsonb_to_recordset(accounts) AS w(path text, currency text)
        JOIN billing_ledger_account a USING (path, currency)) < 2 THEN
        PERFORM billing_ledger_open(accounts);
    END IF;
    INSERT INTO billing_hold (id, key, body_hash, debit_id, credit_id, currency, amount, state, expires_at, recorded_at,
        description, document_kind, document_id, customer_id)
    SELECT (hold->>'id')::uuid, hold->>'key', hash, d.id, c.id, d.currency, (body->>'amount')::bigint, 'pending',
        (body->>'expires_at')::timestamptz, (hold->>'recorded_at')::timestamptz, body->>'description',
        body->>'document_kind', (body->>'document')::uuid, (body->>'customer')::uuid
    FROM billing_ledger_account d, billing_ledger_account c
    WHERE d.path = body->>'debit' AND c.path = body->>'credit' AND d.sandbox = c.sandbox
        AND d.currency = body->>'currency' AND c.currency = body->>'currency'
    ON CONFLICT (key) DO NOTHING
    RETURNING * INTO placed;
    IF FOUND THEN
        PERFORM billing_ledger_pend(placed.debit_id, placed.credit_id, placed.amount);
        RETURN placed.id;
    END IF;
    SELECT h.id, h.body_hash INTO found_id, found_hash FROM billing_hold h WHERE h.key = hold->>'key';
    IF found_id IS NULL THEN
        RAISE EXCEPTION 'the accounts of a hold belong to one kind of books' USING ERRCODE = 'SL004';
    END IF;
    IF found_hash <> hash THEN
        RAISE EXCEPTION 'a key was used for another hold' USING ERRCODE = 'SL001';
    END IF;
    RETURN found_id;
END $$;

CREATE FUNCTION billing_ledger_hold_pending(hold uuid, moment timestamptz) RETURNS billing_hold
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held billing_hold;
BEGIN
    SELECT * INTO held FROM billing_hold WHERE id = hold FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such hold' USING ERRCODE = 'SL006';
    END IF;
    IF held.state <> 'pending' OR held.expires_at <= moment THEN
        RAISE EXCEPTION 'the hold has ended' USING ERRCODE = 'SL007';
    END IF;
    RETURN held;
END $$;

CREATE FUNCTION billing_ledger_hold_post(
    hold uuid, moved uuid, happened timestamptz, written timestamptz, taken bigint, why text
) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held billing_hold := billing_ledger_hold_pending(hold, happened);
    sum bigint := coalesce(taken, held.amount);
    debited billing_ledger_account;
    credited billing_ledger_account;
BEGIN
    IF sum <= 0 OR sum > held.amount THEN
        RAISE EXCEPTION 'more than is held' USING ERRCODE = 'SL008';
    END IF;
    SELECT * INTO debited FROM billing_ledger_account WHERE id = held.debit_id;
    SELECT * INTO credited FROM billing_ledger_account WHERE id = held.credit_id;
    PERFORM FROM billing_ledger_balance b JOIN billing_ledger_account a ON a.id = b.account_id
        WHERE a.id IN (held.debit_id, held.credit_id) AND b.stripe IN (0, mod(pg_backend_pid(), a.stripes))
        ORDER BY a.path COLLATE "C", a.currency, b.stripe FOR UPDATE OF b;
    PERFORM billing_ledger_pend(held.debit_id, held.credit_id, -held.amount);
    PERFORM billing_ledger_post(jsonb_build_array(jsonb_build_object(
        'id', moved, 'key', 'hold:' || held.id, 'recorded_at', written,
        'body', jsonb_build_object(
            'event_at', happened, 'kind', why, 'description', held.description, 'document_kind', held.document_kind,
            'document', held.document_id, 'customer', held.customer_id, 'reverses', NULL, 'sandbox', debited.sandbox,
            'lines', jsonb_build_array(
                jsonb_build_object('path', debited.path, 'currency', held.currency, 'amount', sum),
                jsonb_build_object('path', credited.path, 'currency', held.currency, 'amount', -sum))))), '[]');
    UPDATE billing_hold SET state = 'posted', posted_amount = sum, journal_id = moved, ended_at = written
        WHERE id = held.id;
END $$;

CREATE FUNCTION billing_ledger_hold_void(hold uuid, written timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held billing_hold := billing_ledger_hold_pending(hold, '-infinity');
BEGIN
    PERFORM billing_ledger_pend(held.debit_id, held.credit_id, -held.amount);
    UPDATE billing_hold SET state = 'voided', ended_at = written WHERE id = held.id;
END $$;

CREATE FUNCTION billing_ledger_hold_expire(moment timestamptz, written timestamptz, most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due uuid[];
    side record;
BEGIN
    WITH found AS (
        SELECT id FROM billing_hold WHERE state = 'pending' AND expires_at <= moment
        ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED
    )
    SELECT array_agg(id) INTO due FROM found;
    FOR side IN
        SELECT a.id AS account, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit FROM (
            SELECT debit_id AS account, amount AS debit, 0 AS credit FROM billing_hold WHERE id = ANY (due)
            UNION ALL SELECT credit_id, 0, amount FROM billing_hold WHERE id = ANY (due)
        ) sides JOIN billing_ledger_account a ON a.id = sides.account
        GROUP BY a.id, a.path, a.currency ORDER BY a.path COLLATE "C", a.currency
    LOOP
        UPDATE billing_ledger_balance b
        SET pending_debit = b.pending_debit - side.debit, pending_credit = b.pending_credit - side.credit
        WHERE b.account_id = side.account AND b.stripe = 0;
    END LOOP;
    UPDATE billing_hold SET state = 'expired', ended_at = written WHERE id = ANY (due);
    RETURN coalesce(cardinality(due), 0);
END $$;
"""

_DOOR = (  # Who may call what: everybody who sells posts; closing is for those who see every organisation.
    ("billing_ledger_post(jsonb, jsonb)", "steward_app, steward_platform"),
    ("billing_ledger_post_one(jsonb, integer[], jsonb)", "steward_app, steward_platform"),
    ("billing_ledger_hold(jsonb, jsonb)", "steward_app, steward_platform"),
    (
        "billing_ledger_hold_post(uuid, uuid, timestamptz, timestamptz, bigint, text)",
        "steward_app, steward_platform",
    ),
    ("billing_ledger_hold_void(uuid, timestamptz)", "steward_app, steward_platform"),
    ("billing_ledger_hold_expire(timestamptz, timestamptz, integer)", "steward_app, steward_platform"),
    ("billing_ledger_closed(boolean)", "steward_app, steward_platform"),
    ("billing_ledger_close(jsonb)", "steward_platform"),
    ("billing_ledger_open(jsonb)", ""),
    ("billing_ledger_find(text, text, jsonb)", ""),
    ("billing_ledger_pend(uuid, uuid, bigint)", ""),
    ("billing_ledger_hold_pending(uuid, timestamptz)", ""),
    ("billing_journal_balanced()", ""),
)
GRANTS = "".join(
    f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC;\n"
    + (f"GRANT EXECUTE ON FUNCTION {name} TO {roles};\n" if roles else "")
    for name, roles in _DOOR
)

TRIGGERS = (
    ("billing_ledger_account_kept", "billing_ledger_account"),
    ("billing_ledger_balance_kept", "billing_ledger_balance"),
    ("billing_journal_kept", "billing_journal"),
    ("billing_entry_kept", "billing_entry"),
    ("billing_hold_kept", "billing_hold"),
    ("billing_closing_kept", "billing_closing"),
    ("billing_statement_line_stays", "billing_statement_line"),
    ("billing_statement_line_kept", "billing_statement_line"),
    ("billing_journal_balanced", "billing_journal"),
)
UP = KEPT + CLOSINGS + POST + HOLDS + GRANTS
DOWN = (
    "".join(f"DROP TRIGGER {trigger} ON {table};\n" for trigger, table in TRIGGERS)
    + "".join(f"DROP FUNCTION {name};\n" for name, _ in _DOOR)
    + "DROP FUNCTION billing_ledger_refuse(); DROP FUNCTION billing_statement_line_kept();"
)
