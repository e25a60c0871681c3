"""Pages about the system: overview, database, configuration, logs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from maintenance.presenters import system as presenters
from maintenance.system import configuration, logs, snapshot
from portal.kit import htmx
from portal.kit.views import PageView

WORDS_LIMIT = 200


class System(PageView):
    """How the installation stands: what is alive on top, refreshed by itself, the rest below."""

    access = "system:read"
    template_name = "maintenance/system.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, or the part that refreshes itself."""
        return htmx.answer(
            request,
            page=self.template_name,
            part="maintenance/_system_live.html",
            values={"live": presenters.live_values(snapshot.live(self.actor))},
            frame=lambda: {
                "tabs": presenters.tabs("system"),
                "system": presenters.installation_values(snapshot.installation(self.actor)),
            },
        )


class SystemLive(System):
    """The part that refreshes itself; by itself the whole page."""

    access = "system:read"
    polled = "part"


class SystemDatabase(PageView):
    """The largest tables and indexes, the slowest statements, and growth."""

    access = "system:read"
    template_name = "maintenance/system_database.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        found = presenters.inside_values(snapshot.inside(self.actor))
        return self.page({"tabs": presenters.tabs("system_database"), **found})


class SystemConfiguration(PageView):
    """Every setting with its value and where it comes from; secrets are hidden."""

    access = "system:read"
    template_name = "maintenance/system_configuration.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The settings in which every word of `?q=` is; `?only=set` leaves out what nobody has set."""
        words = _words(request, "q")
        only_set = request.GET.get("only") == "set"
        every = configuration.settings_read()
        found = [one for one in every if (one.changed or not only_set) and has_words(one, words)]
        return self.page(
            {
                "tabs": presenters.tabs("system_configuration"),
                "groups": presenters.setting_rows(found),
                "q": words,
                "only_set": only_set,
                "shown": len(found),
                "total": len(every),
            }
        )


class SystemLogs(PageView):
    """The newest lines of the log files."""

    access = "system:read"
    template_name = "maintenance/system_logs.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The lines that fit, or the part that refreshes itself."""
        asked = asked_of(request)
        return htmx.answer(
            request,
            page=self.template_name,
            part="maintenance/_system_log_lines.html",
            values=_log_values(asked),
            frame=lambda: {
                "tabs": presenters.tabs("system_logs"),
                "asked": asked,
                "levels": logs.LEVELS,
                "query": query_of(asked),
            },
        )


class SystemLogsLive(SystemLogs):
    """The lines by themselves."""

    access = "system:read"
    polled = "part"


def asked_of(request: HttpRequest) -> logs.Asked:
    """What the address asks of the logs; a level that there is not is left out."""
    level = request.GET.get("level", "")
    return logs.Asked(
        level if level in logs.LEVELS else "",
        _words(request, "logger"),
        _words(request, "request"),
        _words(request, "q"),
    )


def query_of(asked: logs.Asked) -> str:
    """The address that asks just that."""
    values = {"q": asked.words, "level": asked.level, "logger": asked.logger, "request": asked.request_id}
    return urlencode({name: value for name, value in values.items() if value})


def has_words(one: configuration.Setting, words: str) -> bool:
    """Whether every word stands in the setting's name, help, group, source or value."""
    text = f"{one.name} {one.help} {one.group} {one.source} {one.value}".lower()
    return all(word in text for word in words.lower().split())


def _words(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:WORDS_LIMIT]


def _log_values(asked: logs.Asked) -> dict[str, Any]:
    found = logs.tail(asked)
    newest = found.lines[0].at.isoformat() if found.lines else ""
    return {
        "tail": found,
        "lines": presenters.log_lines(found.lines),
        "version": f"{newest}-{len(found.lines)}",
        "limit": logs.LINES,
    }
