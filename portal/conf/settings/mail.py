"""The way of mail."""

from portal.conf import env

STEWARD_MAIL = env.choice(
    "STEWARD_MAIL",
    ("outbox", "smtp", "ses", "sendgrid"),
    group="Mail",
    help_text="How mail leaves: by a mail server (smtp), Amazon SES or SendGrid; outbox: not at all, administrators "
    "read it on the outbox page.",
)
DEFAULT_FROM_EMAIL = env.text(
    "STEWARD_MAIL_FROM", "Steward <steward@steward.invalid>", group="Mail", help_text="Sender of every mail."
)
STEWARD_MAIL_REPLY_TO = env.text(
    "STEWARD_MAIL_REPLY_TO", group="Mail", help_text="Address that replies go to. Empty: the sender."
)
STEWARD_MAIL_TIMEOUT = env.number(
    "STEWARD_MAIL_TIMEOUT",
    10,
    low=1,
    high=60,
    group="Mail",
    help_text="Seconds after which a mail server or provider that does not answer is given up for the time being.",
)
STEWARD_MAIL_HOST = env.text("STEWARD_MAIL_HOST", group="Mail", help_text="Mail server, for smtp.")
STEWARD_MAIL_PORT = env.number(
    "STEWARD_MAIL_PORT", 587, low=1, high=65535, group="Mail", help_text="Its port: 587 for starttls, 465 for tls."
)
STEWARD_MAIL_TLS = env.choice(
    "STEWARD_MAIL_TLS",
    ("starttls", "tls", "none"),
    group="Mail",
    help_text="How the way to the mail server is encrypted; a server that cannot do it gets no mail.",
)
STEWARD_MAIL_USER = env.text("STEWARD_MAIL_USER", group="Mail", help_text="Login at the mail server. Empty: none.")
STEWARD_MAIL_PASSWORD = env.text("STEWARD_MAIL_PASSWORD", group="Mail", secret=True, help_text="Its password.")
STEWARD_MAIL_SES_REGION = env.text(
    "STEWARD_MAIL_SES_REGION", group="Mail", help_text="Region of Amazon SES, such as eu-central-1."
)
STEWARD_MAIL_SES_KEY_ID = env.text(
    "STEWARD_MAIL_SES_KEY_ID",
    group="Mail",
    help_text="Id of the access key for SES. Empty: what boto3 finds by itself (the machine's role).",
)
STEWARD_MAIL_SES_SECRET = env.text(
    "STEWARD_MAIL_SES_SECRET", group="Mail", secret=True, help_text="The access key itself."
)
STEWARD_MAIL_SENDGRID_KEY = env.text(
    "STEWARD_MAIL_SENDGRID_KEY", group="Mail", secret=True, help_text="API key of SendGrid, with the right to send."
)
STEWARD_MAIL_WEBHOOK_SECRET = env.text(
    "STEWARD_MAIL_WEBHOOK_SECRET",
    group="Mail",
    secret=True,
    help_text="name:password that the provider sends when it reports bounces to /webhooks/mail/ses or "
    "/webhooks/mail/sendgrid. Empty: nobody can report.",
)
