"""A host product: projects with documents, which asks Steward for every route."""

from docs.examples.host_product.app import create_app

__all__ = ["create_app"]
