"""The trail behind the wall between organisations."""

from django.db import migrations

# The application reads the trail of the organisation that its transaction names. It appends to that one, or to nobody's
# (sign-in, self-service, the installation); what belongs to nobody is read by the platform alone.
WALL = """
ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_event_tenant ON audit_event FOR SELECT TO steward_app
    USING (organisation_id = (SELECT nullif(current_setting('steward.organisation', true), '')::uuid));
CREATE POLICY audit_event_append ON audit_event FOR INSERT TO steward_app WITH CHECK (
    organisation_id IS NULL
    OR organisation_id = (SELECT nullif(current_setting('steward.organisation', true), '')::uuid));
CREATE POLICY audit_event_platform ON audit_event TO steward_platform USING (true) WITH CHECK (true);
"""

# The health check has to see that something fell beside the months, not what: a partition read by itself has no policy.
STRAYS = """
CREATE FUNCTION audit_has_strays() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.audit_event_other)
$$;
REVOKE ALL ON FUNCTION audit_has_strays() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_has_strays() TO steward_app, steward_platform;
REVOKE ALL ON audit_event_other FROM steward_app, steward_platform, steward_readonly;
"""

UNDO = """
GRANT SELECT ON audit_event_other TO steward_app, steward_platform, steward_readonly;
DROP FUNCTION audit_has_strays();
DROP POLICY audit_event_platform ON audit_event;
DROP POLICY audit_event_append ON audit_event;
DROP POLICY audit_event_tenant ON audit_event;
ALTER TABLE audit_event DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_trail")]

    operations = [migrations.RunSQL(WALL + STRAYS, UNDO)]
