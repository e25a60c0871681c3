"""The search by the beginning of any word: the table of tokens, its triggers, and the migration that connects a table.

`kit_search_token` holds the words of each searchable row, folded (no case, no accents). The database keeps it by
triggers, so no way of writing can forget it. Row-level security lets index conditions use leakproof operators only,
hence a btree under "C" and the range from a word to the word followed by the last code point.
"""

from collections.abc import Sequence

from django.db import migrations

TOKEN_LIMIT = 64  # Characters of a word that count; longer ones would not fit an index row.
# Between words: blanks and what separates parts of a list. Inside a word: marks such as dots, hyphens and @, at which
# it is cut as well, so that "ada.lovelace@example.com" is found by ada, lovelace, example.com and by the whole.
_BETWEEN = r'[[:space:],;:()\[\]{}<>"/\\|]+'
_INSIDE = r"[[:space:]!-/:-@\[-`{-~]+"
_EDGES = r"""'''!"#$%&()*+,-./:;<=>?@[\]^_`{|}~'"""

_TABLE = f"""
CREATE TABLE kit_search_token (
    object_id uuid NOT NULL,
    token text COLLATE "C" NOT NULL CHECK (token <> '' AND length(token) <= {TOKEN_LIMIT}),
    kind text COLLATE "C" NOT NULL,
    organisation_id uuid,
    PRIMARY KEY (object_id, token)
);
CREATE INDEX kit_search_token_range ON kit_search_token (kind, token, object_id) WHERE organisation_id IS NULL;
CREATE INDEX kit_search_token_tenant ON kit_search_token (organisation_id, kind, token, object_id)
    WHERE organisation_id IS NOT NULL;
ALTER TABLE kit_search_token ENABLE ROW LEVEL SECURITY;
CREATE POLICY kit_search_token_tenant ON kit_search_token FOR SELECT TO steward_app USING (
    organisation_id IS NULL
    OR organisation_id = (SELECT nullif(current_setting('steward.organisation', true), '')::uuid)
);
CREATE POLICY kit_search_token_platform ON kit_search_token FOR SELECT TO steward_platform, steward_readonly USING (true);
-- Written by the triggers alone, as the owner: nobody can make a row be found, or not be found, by hand.
GRANT SELECT ON kit_search_token TO steward_app, steward_platform, steward_readonly;
"""

_FUNCTIONS = rf"""
-- No case and no accents; letters that carry their mark within, and those that are two, as people type them.
CREATE FUNCTION kit_search_folded(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(
    translate(lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]', '', 'g')), 'øłđðıħŧς', 'olddihtσ'),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');
-- Bodies in standard SQL: their names are looked up once, here, and nobody's search_path can change their meaning.
CREATE FUNCTION kit_search_chunks(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(array_agg(chunk ORDER BY place), '{{}}') FROM (
        SELECT min(place) AS place, left(btrim(part, {_EDGES}), {TOKEN_LIMIT}) AS chunk
        FROM regexp_split_to_table(kit_search_folded(value), '{_BETWEEN}') WITH ORDINALITY AS split(part, place)
        GROUP BY 2
    ) AS chunks WHERE chunk <> ''
);
CREATE FUNCTION kit_search_tokens(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(array_agg(DISTINCT token), '{{}}')
    FROM unnest(kit_search_chunks(value)) AS chunk, LATERAL (
        SELECT chunk AS part
        UNION ALL
        SELECT regexp_split_to_table(chunk, '{_INSIDE}') WHERE chunk ~ '{_INSIDE}'
        UNION ALL
        SELECT unnest(string_to_array(chunk, '@')) WHERE chunk LIKE '%@%'
    ) AS parts, LATERAL (SELECT btrim(part, {_EDGES}) AS token) AS words
    WHERE token <> ''
);
CREATE FUNCTION kit_search_added() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    -- Once per statement: an import of a hundred thousand people is one INSERT here too.
    EXECUTE format(
        'INSERT INTO kit_search_token (object_id, token, kind, organisation_id)
         SELECT added.id, word, %L, %s FROM added, unnest(kit_search_tokens(concat_ws('' '', %s))) AS word',
        TG_ARGV[0], TG_ARGV[1], TG_ARGV[2]
    );
    RETURN NULL;
END $$;
CREATE FUNCTION kit_search_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM kit_search_token WHERE object_id = OLD.id;
    IF TG_OP = 'UPDATE' THEN
        EXECUTE format(
            'INSERT INTO kit_search_token (object_id, token, kind, organisation_id)
             SELECT added.id, word, %L, %s
             FROM (SELECT ($1::%s).*) AS added, unnest(kit_search_tokens(concat_ws('' '', %s))) AS word',
            TG_ARGV[0], TG_ARGV[1], TG_RELID::regclass, TG_ARGV[2]
        ) USING NEW;
    END IF;
    RETURN NULL;
END $$;
"""  # noqa: S608 - constants

TABLE = _TABLE + _FUNCTIONS
NO_TABLE = """
DROP FUNCTION kit_search_changed();
DROP FUNCTION kit_search_added();
DROP FUNCTION kit_search_tokens(text);
DROP FUNCTION kit_search_chunks(text);
DROP FUNCTION kit_search_folded(text);
DROP TABLE kit_search_token;
"""


def index(table: str, kind: str, columns: Sequence[str], *, tenant: bool = False) -> migrations.RunSQL:
    """Make the rows of `table` (its key is `id`) searchable by the words of `columns`, as `kind`; fills existing rows.

    With `tenant`, tokens carry the row's `organisation_id` and stand behind the wall. Needs kit's migration 0002.
    """
    organisation = "added.organisation_id" if tenant else "NULL::uuid"
    words = ", ".join(f"added.{column}" for column in columns)
    arguments = f"'{kind}', '{organisation}', '{words}'"
    watched = ", ".join([*columns, *(["organisation_id"] if tenant else [])])
    return migrations.RunSQL(
        f"""
        INSERT INTO kit_search_token (object_id, token, kind, organisation_id)
            SELECT added.id, word, '{kind}', {organisation}
            FROM "{table}" AS added, unnest(kit_search_tokens(concat_ws(' ', {words}))) AS word;
        CREATE TRIGGER "{table}_search_added" AFTER INSERT ON "{table}" REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION kit_search_added({arguments});
        CREATE TRIGGER "{table}_search_changed" AFTER UPDATE OF {watched} ON "{table}"
            FOR EACH ROW EXECUTE FUNCTION kit_search_changed({arguments});
        CREATE TRIGGER "{table}_search_gone" AFTER DELETE ON "{table}"
            FOR EACH ROW EXECUTE FUNCTION kit_search_changed({arguments});
        """,  # noqa: S608 - constants of migrations
        f"""
        DROP TRIGGER "{table}_search_gone" ON "{table}";
        DROP TRIGGER "{table}_search_changed" ON "{table}";
        DROP TRIGGER "{table}_search_added" ON "{table}";
        DELETE FROM kit_search_token WHERE kind = '{kind}';
        """,  # noqa: S608 - constants of migrations
    )
