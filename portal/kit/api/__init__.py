"""Base of the API under /api/v1: the kit's gate, JSON by orjson, problem+json for every error.

An endpoint is an `ApiView` whose handlers declare with `endpoint(...)` what they demand, take and answer; the way of a
request, the OpenAPI description and docs/api.md are all made from that.
"""

from portal.kit.api.bodies import Body, Reply
from portal.kit.api.endpoint import Deprecated, Endpoint, endpoint
from portal.kit.api.money import Amount, MoneyField, minor_units, money_body, row_body
from portal.kit.api.parameters import LISTED, Parameter, ParameterMalformed, flag, identifier, one_of, text, whole
from portal.kit.api.view import ApiView, Gate, json, problem
from portal.kit.conditions import PreconditionFailed, tag_of

__all__ = [
    "LISTED",
    "Amount",
    "ApiView",
    "Body",
    "Deprecated",
    "Endpoint",
    "Gate",
    "MoneyField",
    "Parameter",
    "ParameterMalformed",
    "PreconditionFailed",
    "Reply",
    "endpoint",
    "flag",
    "identifier",
    "json",
    "minor_units",
    "money_body",
    "one_of",
    "problem",
    "row_body",
    "tag_of",
    "text",
    "whole",
]
