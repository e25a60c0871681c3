"""The API and its description."""

from portal.conf.settings.place import VERSION

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # portal.kit.middleware has authenticated before any view runs.
    "DEFAULT_PERMISSION_CLASSES": ["portal.kit.rest.Undeclared"],
    "DEFAULT_RENDERER_CLASSES": ["portal.kit.rest.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.kit.rest.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "portal.kit.openapi.Describer",
    "EXCEPTION_HANDLER": "portal.kit.api.problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Steward",
    "VERSION": VERSION,
    "DESCRIPTION": "People, organisations, the audit trail and upkeep. docs/api.md tells what all calls have in common.",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["portal.kit.openapi.ours"],
    "POSTPROCESSING_HOOKS": ["portal.kit.openapi.finished"],
    "ENUM_NAME_OVERRIDES": {},
    "COMPONENT_SPLIT_REQUEST": False,
    "SORT_OPERATION_PARAMETERS": False,
}
