"""Mails to people: written down by a request as a row, written and sent by a worker, later.

* enqueue.py    `enqueue` writes the row down: for pages and endpoints;
* facts.py      what is kept of the request that asked for it, and how that is said;
* devices.py    browser and system, by what a browser says of itself;
* purpose.py    the shape of a purpose; purposes/ has one a file;
* send.py       `send_due` sends what is due: for the task and whoever sweeps;
* write.py      has the purpose write one mail;
* record.py     writes down what became of it;
* verdict.py    what becomes of a mail that was not sent, and the schedule of tries;
* render.py     subject, HTML and text of one mail;
* moments.py    times in words, with their zone;
* smtp.py       the way out by SMTP, which takes so long at most;
* files.py      the way out of the demo: a file a mail.
"""

from accounts.mails.enqueue import enqueue
from accounts.mails.purpose import Purpose, Written
from accounts.mails.send import NEGLECTED_S, is_neglected, send_due, signs

__all__ = ["NEGLECTED_S", "Purpose", "Written", "enqueue", "is_neglected", "send_due", "signs"]
