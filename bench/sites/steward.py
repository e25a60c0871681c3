"""Steward's own settings, with two routes more: what an anonymous request costs on its way to a view."""

from portal.conf.settings import *  # noqa: F403 - an overlay

ROOT_URLCONF = "bench.sites.steward_urls"
