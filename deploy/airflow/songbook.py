"""The routine: fresh events, the pipeline group by group, the record, and the gate before a model goes live.

Airflow says when, tries again and raises the alarm. What there is to run, and in which order, is read from
`songrec plan --json`; whether a stage has to run is DVC's to say, within `songrec run`. Nothing of the
project is imported: its command works in an environment of its own.

Settings are variables of the environment (README.md beside this file lists them).
"""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

SONGREC = os.environ.get("SONGBOOK_COMMAND", "songrec")
PLAN = Path(os.environ.get("SONGBOOK_PLAN", Path(__file__).with_name("plan.json")))
KEPT = 3
"""`songrec promote` kept the live model: that is no failure, and nothing went live."""


def alert(context: dict[str, Any]) -> None:
    """Tell of a task that has failed for good, as the JSON that chat systems take for a message."""
    task = context["task_instance"]
    text = f"{task.dag_id}.{task.task_id} failed in {task.run_id}: {context.get('exception')}"
    print(text)
    if url := os.environ.get("SONGBOOK_ALERT_URL"):
        request = Request(url, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=30):
            pass


plan = json.loads(PLAN.read_text(encoding="utf-8"))
profile = plan["profile"]

with DAG(
    "songbook",
    schedule=os.environ.get("SONGBOOK_SCHEDULE", "0 3 * * *"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,  # stages of a profile take turns
    default_args={
        "retries": int(os.environ.get("SONGBOOK_RETRIES", "2")),
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(hours=12),
        "on_failure_callback": alert,
    },
    doc_md=__doc__,
) as dag:
    events = BashOperator(task_id="events", bash_command=os.environ.get("SONGBOOK_EVENTS", "true") + " ")
    groups: dict[str, BashOperator] = {}
    for group in plan["groups"]:
        command = f"{SONGREC} run --profile {profile} --wait --only {' '.join(group['only'])}"
        groups[group["name"]] = BashOperator(
            task_id=group["name"], bash_command=f"{command} {os.environ.get('SONGBOOK_RUN', '')}"
        )
        for need in group["needs"]:
            groups[need] >> groups[group["name"]]
        if not group["needs"]:
            events >> groups[group["name"]]
    track = BashOperator(task_id="track", bash_command=f"{SONGREC} track --profile {profile}")
    promote = BashOperator(
        task_id="promote",
        bash_command=f"{SONGREC} promote --profile {profile} {os.environ.get('SONGBOOK_PROMOTE', '')}",
        skip_on_exit_code=KEPT,
    )
    list(groups.values()) >> track >> promote
