"""Roles, teams and access of an organisation as a YAML file: read, compared with what is there, written."""
