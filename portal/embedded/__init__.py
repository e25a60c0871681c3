"""PostgreSQL and Redis of the project itself, and the supervisor that runs them beside web, worker and beat.

Needs the standard library and psycopg alone: it runs before Django's settings can know any address.
"""
