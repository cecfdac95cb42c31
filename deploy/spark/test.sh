#!/bin/bash
# The job on this machine: on local[2], and on a standalone cluster of one master and two workers where an executor is
# killed on the way. The tables must be the same; costs are not compared.
#   deploy/spark/test.sh PYTHON [FOLDER]      PYTHON has the lock and PySpark; FOLDER keeps what is made
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$(realpath -s "${1:?name the Python that has the lock and PySpark}")
folder=$(realpath -m "${2:-build/spark/cluster}")
rm -rf "$folder" && mkdir -p "$folder/scratch"

home=$("$python" -c 'import importlib.util as u; print(u.find_spec("pyspark").submodule_search_locations[0])')
export SPARK_HOME=$home PYSPARK_PYTHON=$python PYSPARK_DRIVER_PYTHON=$python SPARK_LOCAL_IP=127.0.0.1
export SPARK_WORKER_DIR=$folder/work SPARK_NO_DAEMONIZE=1
export SPARK_DAEMON_MEMORY=256m
unset PYTHONPATH # the library must come from the wheel

"$python" -m hatchling build -t wheel -d "$folder/wheel" > "$folder/wheel.log" 2>&1
wheel=$folder/songrec.zip
cp "$folder"/wheel/*.whl "$wheel"
PYTHONPATH=$wheel SONGREC_DATA=$folder/data "$python" -c "
from songrec.data.synthetic import SyntheticWorld
from songrec.data.synthetic_text import text_file
print(text_file(SyntheticWorld(1000, 1500, 0)))" > "$folder/log"
log=$(cat "$folder/log")

submit() { # master, folder for what is made, further settings
    local master=$1 out=$2
    shift 2
    PYTHONPATH=$wheel XDG_CACHE_HOME=$folder/cache "$SPARK_HOME/bin/spark-submit" --master "$master" --py-files "$wheel" \
        --driver-memory 1g --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1 \
        --conf "spark.executorEnv.XDG_CACHE_HOME=$folder/cache" --conf "spark.executorEnv.PYTHONPATH=$wheel" "$@" \
        deploy/spark/line.py "$log" --out "$folder/$out" --scratch "$folder/scratch/$out" > "$folder/$out.log" 2>&1 ||
        { tail -n 30 "$folder/$out.log"; return 1; }
}

submit 'local[2]' local

started=()
stop() { for pid in "${started[@]}"; do kill "$pid" 2> /dev/null || true; done; wait 2> /dev/null || true; }
trap stop EXIT
port=${SPARK_TEST_PORT:-17077}
"$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.master.Master \
    --host 127.0.0.1 --port "$port" --webui-port 0 > "$folder/master.log" 2>&1 &
started+=($!)
for worker in 1 2; do
    "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.worker.Worker "spark://127.0.0.1:$port" \
        --host 127.0.0.1 --cores 1 --memory 1g --webui-port 0 > "$folder/worker-$worker.log" 2>&1 &
    started+=($!)
done

# Once the split is done (its folder of checkpoints has grown), one worker loses its executor.
(
    first=${started[1]}
    for _ in $(seq 300); do
        sleep 1
        if [ "$(find "$folder/scratch/cluster" -name 'rdd-*' 2> /dev/null | wc -l)" -ge 5 ]; then
            executor=$(pgrep -P "$first" -f CoarseGrainedExecutorBackend || true)
            [ -z "$executor" ] && continue
            kill -9 "$executor" && echo "killed executor" > "$folder/killed" && exit 0
        fi
    done
) &
killer=$!
submit "spark://127.0.0.1:$port" cluster --executor-memory 1g --total-executor-cores 2
kill "$killer" 2> /dev/null || true
[ -e "$folder/killed" ] || { echo "no executor was killed: the run was too short"; exit 1; }

for table in lines steps parts tuning metrics; do
    cmp "$folder/local/tables/$table.csv" "$folder/cluster/tables/$table.csv"
done
for part in data indices indptr; do
    cmp "$folder"/{local,cluster}/models/item_knn/similarity_.$part.npy
done
echo "a standalone cluster of two workers, one of which lost its executor, gives the tables of local[2]"
