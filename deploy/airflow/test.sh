#!/bin/bash
# The DAG on the profile `tiny`, in an environment of Airflow's own: success, a gate that refuses, a notebook that fails.
#   arguments some of the cases: success refused failing; they build on each other
#   PYTHON    the project's, with the extra `tracking` (.venv/bin/python)
#   AIRFLOW   an environment with Airflow; made in build/airflow/venv where none is named
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$(realpath -s "${PYTHON:-.venv/bin/python}")
folder=$PWD/build/airflow
cases=${*:-success refused failing}
[[ $cases == success* ]] && rm -rf "$folder/state"
mkdir -p "$folder/state" # what the pipeline made stays, and is fresh the next time
airflow=${AIRFLOW:-}
if [ -z "$airflow" ]; then
    airflow=$folder/venv
    "$python" -m venv "$airflow"
    "$airflow/bin/python" -m pip --quiet --disable-pip-version-check install --requirement deploy/airflow/requirements.txt
fi

export AIRFLOW_HOME=$folder/state AIRFLOW__CORE__DAGS_FOLDER=$PWD/deploy/airflow AIRFLOW__CORE__LOAD_EXAMPLES=False
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False SCARF_ANALYTICS=false
export SONGREC_DATA=$folder/data MLFLOW_TRACKING_URI=sqlite:///$folder/state/mlflow.db SONGBOOK_PLAN=$folder/plan.json SONGBOOK_RETRIES=0
export SONGBOOK_COMMAND="$python -m songrec.cli"
$SONGBOOK_COMMAND plan --profile tiny --only study.compare --json > "$SONGBOOK_PLAN"
"$airflow/bin/airflow" db migrate > "$folder/state/migrate.log" 2>&1 || { tail -n 20 "$folder/state/migrate.log"; exit 1; }
"$airflow/bin/airflow" dags reserialize > "$folder/state/reserialize.log" 2>&1 ||
    { tail -n 20 "$folder/state/reserialize.log"; exit 1; }

# Somebody who is told of failures.
rm -f "$folder/port" "$folder/alerts"
"$python" - "$folder" > /dev/null 2>&1 << 'PYTHON' &
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Told(BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with Path(sys.argv[1], "alerts").open("a") as file:
            file.write(text + "\n")
        self.send_response(200)
        self.end_headers()

server = HTTPServer(("127.0.0.1", 0), Told)
Path(sys.argv[1], "port").write_text(str(server.server_port))
server.serve_forever()
PYTHON
listener=$!
trap 'kill $listener 2> /dev/null || true' EXIT
for _ in $(seq 100); do [ -s "$folder/port" ] && break; sleep 0.1; done
SONGBOOK_ALERT_URL=http://127.0.0.1:$(cat "$folder/port")
export SONGBOOK_ALERT_URL

dag() { # name of the case, day, exit code, state of the run, state of promote
    local name=$1 day=$2 code=0
    "$airflow/bin/airflow" dags test songbook "$day" > "$folder/$name.log" 2>&1 || code=$?
    read -r state promote < <("$python" - "$AIRFLOW_HOME/airflow.db" "$day" << 'PYTHON'
import sqlite3, sys
# Its command line takes seconds to say the same.
(row,) = sqlite3.connect(sys.argv[1]).execute(
    "select run.state, task.state from dag_run run join task_instance task using (dag_id, run_id)"
    " where task.task_id = 'promote' and date(run.logical_date) = ?", [sys.argv[2]]
)
print(*row)
PYTHON
    )
    [ "$code $state $promote" = "$3 $4 $5" ] ||
        { tail -n 60 "$folder/$name.log"; echo "$name: exit $code, run $state, promote $promote; not $3, $4, $5"; exit 1; }
    echo "$name: exit $code, run $state, promote $promote"
}

for case in $cases; do
    case $case in
        success) dag success 2026-02-01 0 success success ;;
        refused)
            SONGBOOK_PROMOTE="--model popularity" dag refused 2026-02-02 0 success skipped
            grep -q "the champion is kept: it is significantly worse" "$folder/refused.log"
            [ ! -e "$folder/alerts" ]
            ;;
        failing)
            SONGBOOK_RUN="--set split.test=0.99" dag failing 2026-02-03 1 failed upstream_failed
            grep -q "songbook.split failed" "$folder/alerts"
            ;;
    esac
done
$SONGBOOK_COMMAND runs
