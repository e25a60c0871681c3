"""docs/privacy.md: what is kept about people, made of what the rooms declare. The committed page is tested against it."""

from django.utils import translation

from portal.kit import registry

PAGE = "docs/privacy.md"

_HEAD = """# Privacy

Everybody has a page of their own for this, **Your account › Privacy** (`/me/privacy`).

- **A copy of one's data** (GDPR, articles 15 and 20): an archive with a page to read and a JSON file for each part below.
  A job writes it; a notice and a mail say when it is ready. It can be fetched for seven days, by that person alone, who
  may have to prove again who it is. There is one at a time, and ten requests a minute from one address. It lies outside of the folder
  that is backed up. Of the audit trail it holds what is sealed under the person's own key: names of others stay sealed.
- **Deleting one's account** (article 17): after a time of grace (`STEWARD_DELETION_GRACE_DAYS`, 14 days) a job erases the
  person. Every other session ends at once; until then one may sign in for nothing but calling it off. Mails say so at the
  start and two days before. The last active owner of an organisation hands it over or closes it first, the last
  administrator makes another; the root administrator stays. Who became the last owner meanwhile is held back, told by
  mail, and tried again every day.
- **Consents**: with `STEWARD_TERMS_URL` or `STEWARD_PRIVACY_URL` set, people are asked to agree to the version in
  `STEWARD_TERMS_VERSION` and `STEWARD_PRIVACY_VERSION`: who makes an account agrees by making it, everybody else on
  *Privacy*; each agreement is kept with its time and network address.

Over the API: `GET` and `POST /api/v1/users/me/copy`, `GET .../copy/file`; `GET` and `POST /api/v1/users/me/consents`; `POST
/api/v1/users/me/deletion` with one's user name in `confirm`, `DELETE` to think again. While an account waits to be deleted
only that `DELETE` and `GET` answer; everything else is a 403 `kit.leaving`.

An erased person leaves a pseudonym. Its key of the audit trail is destroyed, so the trail stays whole and provable, and
nothing in it names the person any more. An erasure is repeated after a restore ([restore.md](restore.md)).

This page is generated from the declarations of the rooms: `manage.py privacy inventory --write`. A new table about
people fails a test until its room has declared it in `personal_data.py`.

## What is kept

"""
_FIELDS = """
## Personal fields in the audit trail

Values of these fields are in the trail as ciphertext under a key of the person that they are about.

"""


def text() -> str:
    """The page, in English, whatever language is active."""
    with translation.override("en"):
        return _HEAD + _entries() + _FIELDS + _fields()


def _entries() -> str:
    lines = ["| what | what it is, and what for | kept | tables | in the copy |", "|---|---|---|---|---|"]
    for entry in sorted(registry.personal_data, key=lambda entry: entry.name):
        tables = ", ".join(f"`{name}`" for name in entry.models) or "as above"
        copy = f"`data/{entry.name}.json`" if entry.read else str(entry.withheld)
        lines.append(f"| {entry.label} | {entry.text} | {entry.kept} | {tables} | {copy} |")
    return "\n".join(lines) + "\n"


def _fields() -> str:
    personal = sorted(field.key for field in registry.fields if field.visibility == "personal")
    return "\n".join(f"- `{key}`" for key in personal) + "\n"
