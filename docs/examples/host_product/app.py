"""The routes. Each one asks first; what it asks stands at its beginning.

A project is a resource of the type `product/project`; a document is one of `product/translation`, which stands below its
project: a role on the project counts for the documents in it. Who calls is what your product's own sign-in says.
An export is metered: the plan is asked before, the use is noted after, and `Meters.flush` (your timer) reports it.
What happens in Steward comes to `/steward-webhooks`: proven by its signature, kept once, done by whatever reads `news`.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from docs.examples.host_product.store import Project, Store
from docs.examples.steward_client import (
    Away,
    Circumstances,
    Meters,
    NotSteward,
    Resource,
    Steward,
    StewardError,
    Subject,
    Thing,
    Use,
    verify,
)

PROJECT, DOCUMENT = "product/project", "product/translation"
EXPORTS = "exports"  # A meter of the catalogue, and the feature of plans that limits it.


class Product:
    """Projects and documents. `signed_in` gives the product's id of whoever calls, empty for nobody; `secret` is that of
    the webhook (`whsec_...`)."""

    def __init__(self, steward: Steward, store: Store, signed_in: Callable[[Request], str], secret: str) -> None:
        self.steward, self.store, self._signed_in, self._secret = steward, store, signed_in, secret
        self.meters = Meters(steward)

    # --- who may ---

    def caller(self) -> Subject:
        """Who calls, as the product knows it; 401 for nobody."""
        who = self._signed_in(request)
        return Subject.user(who) if who else abort(401)

    def demand(self, permission: str, thing: Thing | None = None) -> None:
        """Let the caller through, or answer 404 as if the thing were not there; 403 where there is none to hide."""
        if not self.steward.can(self.caller(), permission, thing, _here()):
            abort(404 if thing is not None else 403)

    def project(self, key: str) -> Project:
        """What the product has of a project."""
        found = self.store.projects.get(key)
        return found if found is not None else abort(404)

    # --- routes ---

    def list_projects(self) -> ResponseReturnValue:
        """The projects that the caller may read: asked for once, not once for each."""
        things = self.steward.list_objects(self.caller(), f"{PROJECT}:read", PROJECT, _here())
        known = (self.store.projects.get(thing.external_id) for thing in things)
        return jsonify([_shown(found) for found in known if found is not None])

    def add_project(self) -> ResponseReturnValue:
        """Make a project, and tell Steward of it before anybody can ask for it."""
        self.demand(f"{PROJECT}:create")
        made = self.store.add(str(request.get_json()["name"]))
        try:
            self.steward.put_resource(Resource(PROJECT, made.id, made.name))
        except StewardError:
            del self.store.projects[made.id]
            raise
        return jsonify(_shown(made)), 201

    def read_project(self, key: str) -> ResponseReturnValue:
        """One project."""
        self.demand(f"{PROJECT}:read", Thing(PROJECT, key))
        return jsonify(_shown(self.project(key)))

    def delete_project(self, key: str) -> ResponseReturnValue:
        """Delete a project; what is below goes first, in Steward as well."""
        self.demand(f"{PROJECT}:delete", Thing(PROJECT, key))
        for document in self.project(key).documents:
            self.steward.delete_resource(DOCUMENT, document)
        self.steward.delete_resource(PROJECT, key)
        del self.store.projects[key]
        return "", 204

    def add_document(self, key: str) -> ResponseReturnValue:
        """Write a document into a project."""
        self.demand(f"{PROJECT}:update", Thing(PROJECT, key))
        document = self.store.write(self.project(key), str(request.get_json()["text"]))
        self.steward.put_resource(Resource(DOCUMENT, document, document, parent=Thing(PROJECT, key)))
        return jsonify(id=document), 201

    def read_document(self, key: str, document: str) -> ResponseReturnValue:
        """One document: a role on its project is enough."""
        self.demand(f"{DOCUMENT}:read", Thing(DOCUMENT, document))
        text = self.project(key).documents.get(document)
        return jsonify(text=text) if text is not None else abort(404)

    def export_document(self, key: str, document: str) -> ResponseReturnValue:
        """One document as a file, once for each that the plan gives; 402 when it gives no more.

        The plan counts what was reported: what still waits in `meters` may go beyond the limit, so flush often.
        """
        self.demand(f"{DOCUMENT}:read", Thing(DOCUMENT, document))
        text = self.project(key).documents.get(document)
        if text is None:
            abort(404)
        answer = self.steward.may_use(EXPORTS)
        if not answer:
            return jsonify(error="Your plan gives no more exports.", reason=answer.reason, limit=answer.limit), 402
        self.meters.note(Use(EXPORTS))
        return text, 200, {"Content-Type": "text/plain; charset=utf-8"}

    def hear(self) -> ResponseReturnValue:
        """A message of Steward. Signed over the raw body, which is read before anything parses it; again, it is done."""
        try:
            message = verify(self._secret, dict(request.headers), request.get_data())
        except NotSteward:
            abort(401)
        self.store.hear(request.headers["webhook-id"], message)
        return "", 204


def create_app(
    steward: Steward, store: Store, signed_in: Callable[[Request], str], *, webhook_secret: str = ""
) -> Flask:
    """The product as a Flask application. Without the secret of its webhook, it believes no message."""
    app, product = Flask(__name__), Product(steward, store, signed_in, webhook_secret)
    for rule, method, view in (
        ("/projects", "GET", product.list_projects),
        ("/projects", "POST", product.add_project),
        ("/projects/<key>", "GET", product.read_project),
        ("/projects/<key>", "DELETE", product.delete_project),
        ("/projects/<key>/documents", "POST", product.add_document),
        ("/projects/<key>/documents/<document>", "GET", product.read_document),
        ("/projects/<key>/documents/<document>/export", "GET", product.export_document),
        ("/steward-webhooks", "POST", product.hear),
    ):
        app.add_url_rule(rule, view.__name__, view, methods=[method])
    app.extensions["meters"] = product.meters
    app.register_error_handler(StewardError, _refused)
    app.register_error_handler(HTTPException, _told)
    return app


def _here() -> Circumstances:
    return Circumstances(address=request.remote_addr or "")


def _refused(error: StewardError) -> ResponseReturnValue:
    """Steward is away, or the product asked something wrong: nobody gets through."""
    return jsonify(error="Try again in a moment."), 503 if isinstance(error, Away) else 500


def _told(error: HTTPException) -> ResponseReturnValue:
    return jsonify(error=error.name), error.code or 500


def _shown(project: Project) -> dict[str, Any]:
    return {"id": project.id, "name": project.name, "documents": sorted(project.documents)}
