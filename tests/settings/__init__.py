"""Tests of the settings and of the texts generated from them."""
