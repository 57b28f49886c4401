"""E-mail to a patient by Django's mail.

Mail servers know no references to ask after: a mail that may have left is sent again under the same Message-ID,
by which receivers know it for the same.
"""

from email.utils import formataddr, parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage

from integrations.messaging.unsubscribing import address_for
from integrations.models import Message
from mybcat.ids import public_id
from mybcat.listeners import DeliveryFailed, DeliveryRefused

# It closes the connection, whatever it was asked.
SHUTTING_DOWN = 421


def send_mail(message: Message, *, sender: str) -> str:
    """The Message-ID. Raises DeliveryFailed where a later attempt may succeed, DeliveryRefused where none can."""
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    reference = f"<{public_id('msg', message.id)}@{address.rpartition('@')[2]}>"
    unsubscribe = address_for(practice_id=message.practice_id, patient_id=message.patient_id)
    mail = EmailMessage(
        subject=message.subject,
        body=f"{message.body}\n\n--\n{unsubscribe}\n",
        from_email=formataddr((sender, address)),
        to=[message.to],
        headers={
            "Message-ID": reference,
            # RFC 8058: the mail program's own button, answered without a page.
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    try:
        mail.send()
    except SMTPRecipientsRefused as error:
        raise _refusal(next(iter(error.recipients.values()))[0], of_mailbox=True) from error
    except SMTPDataError as error:
        raise _refusal(error.smtp_code, of_mailbox=False) from error
    except (SMTPException, OSError) as error:
        raise DeliveryFailed(type(error).__name__) from error
    return reference


def _refusal(code: int, *, of_mailbox: bool) -> Exception:
    """5xx is for good; 4xx is not, and where it is of one mailbox, such as a full one, says nothing of the server."""
    if code >= 500:
        return DeliveryRefused(f"smtp_{code}")
    return DeliveryFailed(f"smtp_{code}", answered=of_mailbox and code != SHUTTING_DOWN)
