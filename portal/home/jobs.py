"""Jobs of the roof: mail goes out, the digest is written, and the demonstration is told."""

from django.utils.translation import gettext_lazy as _

from portal.home import demo
from portal.kit.mail import sending, services
from portal.kit.notices import digest
from portal.kit.registry import Job, Schedule, jobs, schedules

# Attempts of the run, not of a mail: a worker that dies while it sends must not stop the mail of everybody.
jobs.add(Job(services.JOB, _("Send mail"), sending.send_mails, permission=services.PERMISSION, max_attempts=20))

DIGEST = "home.send_digests"
jobs.add(Job(DIGEST, _("Write the daily digests"), digest.send_digests, permission=services.PERMISSION))
schedules.add(Schedule(DIGEST, _("Daily digest of notifications"), job=DIGEST, cron="0 7 * * *"))

jobs.add(Job(demo.JOB, _("Tell the demonstration"), demo.load_demo, permission="job:admin"))
