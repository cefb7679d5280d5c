"""The pages while PostgreSQL is away: a process of its own, with nothing at the database's address."""

import os
import subprocess
import sys
from pathlib import Path

ASK = """
import django
django.setup()
from django.test import Client
browser = Client(SERVER_NAME="localhost", raise_request_exception=False, headers={"accept-language": "en"})
browser.cookies["session"] = "a" * 32
answer = browser.get("/")
print(answer.status_code, answer["Retry-After"], answer.content.decode())
"""


def test_pages_without_the_database_are_503_with_a_reason(tmp_path: Path) -> None:
    nowhere = {
        "DJANGO_SETTINGS_MODULE": "ospab_panel.settings",
        "DATABASE_URL": f"postgresql://postgres@/panel?host={tmp_path}",
        "DB_POOL": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=os.environ | nowhere, check=True, capture_output=True, text=True
    ).stdout
    assert done.startswith("503 5 ")
    assert "The panel is briefly unavailable" in done
    assert '<meta http-equiv="refresh" content="5;url=/">' in done
