"""What the demonstration tells of teams, workspaces and the things of the sample products. Data only."""

from typing import Any, NamedTuple


class Group(NamedTuple):
    """A team: what stands around it, and which members of the organisation are in it, by their place."""

    slug: str
    name: str
    description: str
    inside: str = ""
    places: tuple[int, ...] = ()


class Work(NamedTuple):
    """A run of a thing (`application/type id`): how many minutes ago it began, how many it took or has lasted, and what
    was told of it."""

    thing: str
    external_id: str
    name: str
    ago: int
    took: int
    state: str
    done: int = 0
    total: int | None = None
    message: str = ""
    phase: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    asked: bool = False


class Thing(NamedTuple):
    """A resource of a product; `place` is a workspace's short name or `application/type id` of another."""

    type: str
    external_id: str
    name: str
    place: str = ""
    attributes: dict[str, Any] = {}
    is_public: bool = False


TEAMS = (
    Group("research", "Research", "Everybody who works on studies", places=(0, 1, 3)),
    Group("field", "Field research", "Collects what the others assess", "research", (4, 5, 6, 7, 8)),
    Group("lab", "Laboratory", "Assesses what comes from the field", "research", (10, 11, 12)),
    Group("night-lab", "Night laboratory", "The second shift", "lab", (13, 14)),
    Group("data", "Data platform", "Keeps pipelines and reports running", places=(2, 9, 15)),
)
# Short name, name, purpose, whether it is archived.
WORKSPACES = (
    ("north", "Northern programme", "Rivers and wetlands north of the line", False),
    ("coast", "Coastal programme", "Harbours, tides and what lives in them", False),
    ("reporting", "Reporting", "What goes to the board and to the public", False),
    ("pilot", "Pilot of last year", "", True),
)
# Roles that the organisation made: short code, name, what for, rank, what they say.
ROLES = (
    (
        "field-lead",
        "Field lead",
        "Leads a programme: makes and changes what stands in it",
        20,
        {"workspace:read": "allow", "resource:read": "allow", "resource:create": "allow", "resource:update": "allow"},
    ),
    (
        "night-desk",
        "Night desk",
        "Answers at night and at weekends",
        10,
        {"member:create": "allow", "audit:read": "allow"},
    ),
    ("no-deletes", "No deletes", "Held as a denial where nothing may go", 10, {"resource:delete": "allow"}),
)
_OFFICE: dict[str, Any] = {"zone": "Europe/Berlin", "weekdays": [1, 2, 3, 4, 5], "from": "08:00", "to": "18:00"}
_NIGHT: dict[str, Any] = {"zone": "Europe/Berlin", "weekdays": [1, 2, 3, 4, 5], "from": "18:00", "to": "08:00"}


class Held(NamedTuple):
    """A role for a team or a member (by place) on a workspace, or without one in the whole."""

    role: str
    holder: str | int
    place: str = ""
    effect: str = "allow"
    days: int | None = None
    conditions: dict[str, Any] | None = None
    reason: str = ""


HELD = (
    Held("field-lead", "field", "north", reason="Leads the northern programme"),
    Held("field-lead", 9, "coast", days=45, reason="Stands in during the season"),
    Held("night-desk", "night-lab", conditions={"time": _NIGHT}, reason="The second shift"),
    Held("field-lead", "data", "reporting", conditions={"time": _OFFICE, "addresses": ["10.0.0.0/8"]}),
    Held("no-deletes", "lab", "reporting", "deny", reason="Reports are kept for ten years"),
)
# Single rights: whose, which, on what, for how many days.
RIGHTS = (
    (5, "product/project:update", "product/project prj-204", 30, "Corrects the survey before it is published"),
    (
        11,
        "platform_data/pipeline:execute",
        "platform_data/pipeline pl-intake",
        7,
        "Watches the intake over the holidays",
    ),
)
_SURVEY, _TIDES = "product/project prj-204", "product/project prj-231"
_INTAKE = "platform_data/pipeline pl-intake"
THINGS = (
    Thing("product/project", "prj-204", "River survey", "north", {"region": "north", "sensitivity": "normal"}),
    Thing("product/translation", "tr-88", "Field manual in five languages", _SURVEY, {"languages": ["de", "fr", "it"]}),
    Thing("product/assessment", "as-17", "Water quality, spring", _SURVEY, {"season": "spring"}),
    Thing("product/assessment", "as-18", "Water quality, autumn", _SURVEY, {"season": "autumn"}),
    Thing("product/project", "prj-231", "Tide gauges", "coast", {"region": "coast", "sensitivity": "high"}),
    Thing("product/assessment", "as-31", "Gauge drift since installation", _TIDES),
    Thing("product/project", "prj-240", "Handbook for volunteers", "", {"region": "all"}, True),
    Thing("platform_data/pipeline", "pl-intake", "Intake of gauge readings", "coast", {"runs": "hourly"}),
    Thing("platform_data/connector", "cn-ftp", "Gauge stations, upload", _INTAKE),
    Thing("platform_data/transformation", "tf-clean", "Clean and align readings", _INTAKE),
    Thing("platform_data/pipeline", "pl-board", "Figures for the board", "reporting", {"runs": "monthly"}),
    Thing("platform_data/dashboard", "db-water", "Water at a glance", "reporting", {}, True),
    Thing("platform_data/report", "rp-annual", "Annual report", "reporting"),
    Thing("threats/threat_actor", "ta-ferry", "Grey Ferry", "", {"sophistication": "high"}),
    Thing("threats/tactic", "tc-lure", "Lures by mail", "threats/threat_actor ta-ferry"),
    Thing("threats/tactic", "tc-stay", "Staying in", "threats/threat_actor ta-ferry"),
    Thing(
        "threats/indicator", "in-7731", "Sender of the spring letters", "threats/tactic tc-lure", {"kind": "address"}
    ),
    Thing(
        "threats/indicator", "in-7744", "Scheduled task with a false name", "threats/tactic tc-stay", {"kind": "task"}
    ),
)
_PIPE, _CLEAN = "platform_data/pipeline pl-intake", "platform_data/transformation tf-clean"
_BOARD, _FTP = "platform_data/pipeline pl-board", "platform_data/connector cn-ftp"
_READ = (
    ("info", "120 stations to read."),
    ("info", "Harbour 1 to 40 read."),
    ("warning", "Harbour 41 answers slowly."),
)
RUNS = (
    Work(_PIPE, "in-2041", "Hourly intake", 1500, 6, "succeeded", 120, 120, "120 stations read.", lines=_READ),
    Work(_FTP, "up-310", "Upload of the stations", 1400, 2, "succeeded", 120, 120, "Nothing was missing."),
    Work(
        _PIPE,
        "in-2042",
        "Hourly intake",
        1440,
        9,
        "failed",
        41,
        120,
        "Harbour 41 did not answer three times; nothing of this hour was kept.",
        lines=(*_READ, ("error", "Harbour 41 does not answer.")),
    ),
    Work(_CLEAN, "cl-88", "Clean the readings of May", 600, 34, "cancelled", 12_400, 61_000, "Stopped by request."),
    Work(
        "product/translation tr-88", "mt-5", "Field manual into Finnish", 420, 11, "succeeded", 214, 214, "214 pages."
    ),
    Work("product/assessment as-17", "ev-3", "Weigh the samples again", 300, 3, "lost", 2, 9),
    Work(_BOARD, "bd-6", "Figures of the month", 26, 26, "running", 3, 8, phase="Adding up the tides", lines=_READ[:1]),
    Work(_PIPE, "in-2043", "Hourly intake", 4, 4, "running", 76, 120, phase="Reading stations", lines=_READ),
    Work(_CLEAN, "cl-89", "Clean the readings of June", 3, 3, "running", phase="Looking for gaps", asked=True),
    Work("threats/indicator in-7731", "sw-12", "Sweep of the mail of this week", 2, 2, "queued"),
)

NIGHTLY = Work("platform_data/pipeline pl-intake", "nt", "Nightly intake", 0, 0, "succeeded", 120, 120)


def nightly(ago: int) -> Work:
    """The nightly run of so many days ago: each eleventh one failed."""
    if ago % 11 == 4:
        told = "Harbour 41 did not answer three times; nothing of this night was kept."
        return NIGHTLY._replace(external_id=f"nt-{ago}", took=9, state="failed", done=41, message=told)
    return NIGHTLY._replace(external_id=f"nt-{ago}", took=18 + ago * 7 % 13, message="120 stations read.")
