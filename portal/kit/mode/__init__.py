"""Maintenance mode: what is in force now, who gets through, and what everybody else is told.

`state` keeps in each process what the database says, `gate` holds requests up, `services` and `selectors` are for
the pages of those who run the installation. The banners of announcements travel with the same read.
"""
