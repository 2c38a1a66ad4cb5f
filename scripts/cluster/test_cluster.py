"""Sweeps and scoring on a real Slurm cluster and a real Spark cluster, on loopback.

    make test-cluster                      # CLUSTER=--measure writes report/measured/cluster.json too
    make test-cluster CLUSTER=Slurm        # or Spark: one of the engines

The scripts are those of docs/cluster.md. Where an engine cannot run here, a line says
what is missing, and its tests are skipped.
"""

import glob
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "scripts", "cluster")
FLOW = os.path.join(ROOT, "bin", "flow-static")
FILES, ROWS = 16, 200_000  # to score: so many files of so many rows
ENGINES = ["Slurm", "Spark, files", "Spark, SQL"]  # those that run flow
MEASURED = {}
STARTED = []  # the folders of the clusters, which hold the numbers of their daemons


def run(*words, **more):
    """Runs a command and returns what it prints."""
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def flow(*words):
    return run(FLOW, *words)


def text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def wait(what, ready, seconds=300):
    """Waits until ready() is true."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def from_docs(name):
    """Returns the block of docs/cluster.md whose second line is "# NAME: …"."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text(os.path.join(ROOT, "docs", "cluster.md")), re.M | re.S)
    return next(b for b in blocks if re.search(rf"\A(#!.*\n)?# {re.escape(name)}:", b))


def stop(folder):
    """Ends the daemons whose numbers lie in a folder."""
    if os.path.exists(os.path.join(folder, "slurm.conf")):
        subprocess.run(["scancel", "--user", "root"], capture_output=True, check=False)
        time.sleep(1)
    pids = [int(text(path)) for path in glob.glob(os.path.join(folder, "*.pid"))]
    for sig in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                continue
        time.sleep(1)


class Inputs:
    """The tables and the model that all engines get."""

    folder = None

    @classmethod
    def make(cls):
        if cls.folder is None:
            cls.folder = tempfile.mkdtemp(prefix="flow-cluster-")
            for k in range(FILES):
                os.makedirs(cls.at("days"), exist_ok=True)
                flow("data", "sample", "moons10", "-n", str(ROWS), "--seed", str(k), "-o", cls.at(f"days/day-{k:02d}.parquet"))
            flow("data", "sample", "moons10", "-n", "20000", "-o", cls.at("moons.csv"))
            flow("fit", cls.at("moons.csv"), "-o", cls.at("model"), "--model", "realnvp", "--steps", "300")
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            begin = time.monotonic()
            run(FLOW, "score", cls.at("model"), cls.at("days/day-*.parquet"), "--keep", "-o", cls.at("single/"), env={**os.environ, "GOMAXPROCS": "1"})
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            note("one process", after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begin)
            flow("gather", cls.at("single"), "-o", cls.at("single.parquet"))
        return cls

    @classmethod
    def at(cls, name):
        return os.path.join(cls.folder, name)


def note(engine, cpu, wall, files=FILES):
    """Keeps what scoring so many files took, in seconds. What is not flow's own is not in it."""
    millions = files * ROWS / 1e6
    MEASURED[engine] = {"rows": files * ROWS, "cpu_seconds_per_million_rows": round(cpu / millions, 3), "wall_seconds": round(wall, 2)}


def missing_for_slurm():
    """Returns what Slurm lacks here, after an attempt to install it."""
    if os.geteuid() != 0:
        return "root"
    need = ["sbatch", "slurmctld", "slurmd", "munged"]
    if not all(shutil.which(n) for n in need) and shutil.which("apt-get"):
        install("slurm-wlm", "munge")
    return ", ".join(n for n in need if not shutil.which(n))


def install(*packages):
    """Installs Debian packages, as far as that is possible."""
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    print("▸ installing", *packages, flush=True)
    subprocess.run(["apt-get", "update", "-qq"], **quiet)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], **quiet)


def skip(engine, missing):
    line = f"{engine}: skipped, missing here: {missing}"
    print(line, flush=True)
    raise unittest.SkipTest(line)


class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if missing := missing_for_slurm():
            skip("Slurm", missing)
        cls.dir = tempfile.mkdtemp(prefix="flow-slurm-")
        STARTED.append(cls.dir)
        run(os.path.join(HERE, "start-slurm"), cls.dir, "2")
        os.environ["SLURM_CONF"] = os.path.join(cls.dir, "slurm.conf")
        cls.at = Inputs.make().at

    def queue(self, job):
        """Returns the states of a job's tasks that have not ended."""
        done = subprocess.run(["squeue", "-h", "-r", "-j", job, "-o", "%T"], capture_output=True, text=True, check=False)
        return done.stdout.split() if done.returncode == 0 else []

    def ended(self, *jobs):
        wait(f"the end of {jobs}", lambda: not any(self.queue(j) for j in jobs))

    def requeue(self, task):
        """Puts a task back into the queue, and lets it start at once: Slurm waits two minutes."""
        run("scontrol", "requeue", task)
        wait(f"{task} in the queue", lambda: self.queue(task) == ["PENDING"])
        run("scontrol", "update", f"JobId={task}", "StartTime=now")

    def test_sweep(self):
        """A member requeued in the midst has the weights that it has undisturbed."""
        call = ["sweep", self.at("moons.csv"), "--models", "realnvp", "--layers", "2,4", "--seeds", "0,1,2", "--steps", "2000", "-o"]
        jobs = json.loads(flow(*call, self.at("sweep"), "--on", "slurm", "--json"))
        second = subprocess.run([FLOW, *call, self.at("sweep"), "--on", "slurm"], capture_output=True, text=True, check=False)
        self.assertEqual((second.returncode, second.stderr.count("\n")), (1, 1), second.stderr)
        self.assertIn("in the queue", second.stderr)
        other = subprocess.run([FLOW, *call, self.at("sweep"), "--on", "slurm", "--folds", "2"], capture_output=True, text=True, check=False)
        self.assertEqual(other.returncode, 1)
        self.assertIn("holds another sweep", other.stderr)
        wait("a checkpoint", lambda: os.path.exists(self.at("sweep/member-001.checkpoint")))
        self.requeue(jobs["array"] + "_1")
        self.ended(jobs["array"], jobs["gather"])
        log = text(self.at("sweep/member-001.slurm.log"))
        self.assertIn("DUE TO JOB REQUEUE", log)
        self.assertIn("stopped at step", log)
        flow(*call, self.at("local"), "--jobs", "2")
        for member in [f"member-{k:03d}" for k in range(6)] + ["ensemble"]:
            here, there = (self.at(f"{d}/{member}/weights.safetensors") for d in ("local", "sweep"))
            self.assertEqual(sha256(here), sha256(there), member)
        self.assertIn("the ensemble: test", text(self.at("sweep/gather.slurm.log")))
        self.assertTrue(os.path.exists(self.at("sweep/results.csv")))

    def test_refused(self):
        """What Slurm refuses is one line."""
        for more, says in [(["--partition", "none"], "invalid partition"), (["--time", "soon"], "Invalid --time")]:
            done = subprocess.run([FLOW, "sweep", self.at("moons.csv"), "-o", self.at("refused"), "--seeds", "0,1", "--on", "slurm", *more],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
            self.assertIn(says, done.stderr)

    def score(self, out):
        """Submits the scoring of all files to four tasks. Returns the number of the job."""
        script = self.at("score.sh")
        with open(script, "w", encoding="utf-8") as f:
            f.write(from_docs("score.sh") + "status=$?\ntimes\nexit $status\n")
        return run("sbatch", "--parsable", "--output", self.at(out + "-%a.log"), script, FLOW, self.at("model"), self.at("days/day-*.parquet"), self.at(out)).strip()

    def same(self, out):
        """Compares gathered parts with those of one process."""
        flow("gather", self.at(out), "-o", self.at(out + ".parquet"))
        self.assertEqual(sha256(self.at("single.parquet")), sha256(self.at(out + ".parquet")))
        for k in range(FILES):
            self.assertEqual(sha256(self.at(f"single/part-{k:05d}.parquet")), sha256(self.at(f"{out}/part-{k:05d}.parquet")))

    def test_score(self):
        begin = time.monotonic()
        self.ended(self.score("scored"))
        wall = time.monotonic() - begin
        self.same("scored")
        cpu = 0
        for k in range(4):
            cpu += seconds(text(self.at(f"scored-{k}.log")))
        note("Slurm", cpu, wall)

    def test_score_killed(self):
        """A task whose flow is killed in the midst goes on where it was when it is requeued."""
        job = self.score("killed")
        wait("the first part of task 1", lambda: os.path.exists(self.at("killed/part-00001.json")))
        killed = kill(FLOW + "\0score", f"{self.at('killed')}/\0--shard\0{1}/4")
        self.ended(job + "_1")
        self.assertTrue(killed)
        self.assertFalse(os.path.exists(self.at("killed/part-00013.parquet")), "the task was not killed in the midst")
        self.requeue(job + "_1")
        self.ended(job)
        self.same("killed")


# What the program that Spark runs does after it has scored by SQL, and after it has by ONNX.
CHECK_SQL = r"""
single = spark.read.parquet(SINGLE).selectExpr("x", "y", "CAST(log_prob AS FLOAT) AS log_prob")
scored = spark.read.parquet(out)
assert scored.count() == single.count() and scored.schema == single.schema, (scored.schema, single.schema)
assert scored.exceptAll(single).isEmpty() and single.exceptAll(scored).isEmpty()
nulls = spark.sql("SELECT TRANSFORM (x, y) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' "
    rf"USING '{flow} score {model} - --keep --header no --delimiter tab' AS (x DOUBLE, y DOUBLE, log_prob FLOAT) "
    "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' FROM VALUES (0.5D, 1D), (NULL, 1D) AS t (x, y) WHERE x IS NOT NULL AND y IS NOT NULL")
assert nulls.count() == 1, nulls.collect()
"""
CHECK_ONNX = r"""
scored = spark.read.parquet(out)
single = spark.read.parquet(SINGLE)
both = scored.withColumnRenamed("log_prob", "here").join(single, ["x", "y"])
assert scored.count() == both.count() == single.count(), (scored.count(), both.count(), single.count())
off = both.selectExpr("max(abs(here - log_prob) / (1 + abs(log_prob)))").collect()[0][0]
assert off <= 1e-5, off
"""
# What Spark's Python processes have taken of the processor, in seconds.
PYTHON_CPU = r"""
def python_cpu():
    import glob, os
    ticks = 0
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            if b"pyspark.daemon" in open(stat.replace("stat", "cmdline"), "rb").read():
                ticks += sum(map(int, open(stat).read().rpartition(")")[2].split()[11:15]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")
before = python_cpu()
"""


class Spark(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        home, missing = spark_home()
        if missing:
            skip("Spark", missing)
        cls.onnx = spark_python()
        os.environ.update(SPARK_HOME=home, PYSPARK_PYTHON=cls.onnx or sys.executable, SPARK_LOCAL_IP="127.0.0.1")
        cls.dir = tempfile.mkdtemp(prefix="flow-spark-")
        STARTED.append(cls.dir)
        run(os.path.join(HERE, "start-spark"), cls.dir, "2")
        cls.at = Inputs.make().at

    def test_score(self):
        """Files, SQL and ONNX give the rows of one process, files also where a worker is killed in the midst."""
        timed = self.at("timed-flow")  # what flow alone takes, of a processor
        with open(timed, "w", encoding="utf-8") as f:
            f.write(f'#!/usr/bin/env bash\n{FLOW} "$@"\nstatus=$?\ntimes >>{timed}.$STAGE\nexit $status\n')
        os.chmod(timed, 0o755)
        files, sql = from_docs("score-files.py"), from_docs("score-sql.py")

        def stage(name, script, *words):
            """Returns the text of a script of the docs as a part of one program, which is timed."""
            return (f"import os, sys, time\nbegin = time.time()\nsys.argv = {['', *words]}\n{script}\n"
                    f"print('STAGE', {name!r}, time.time() - begin, flush=True)\n")

        def by(name):
            return self.shim(timed, name)

        program, four = self.at("program.py"), self.at("days/day-0[0-3].parquet")
        with open(program, "w", encoding="utf-8") as f:
            f.write(stage("Spark, files", files, by("files"), self.at("model"), self.at("days/day-*.parquet"), self.at("spark"), str(FILES)))
            f.write(stage("Spark, SQL", sql, by("sql"), self.at("model"), four, self.at("sql")))
            f.write(f"SINGLE = {self.at('single/part-0000[0-3].parquet')!r}\n" + CHECK_SQL)
            if self.onnx:
                flow("export", self.at("model"), "-o", self.at("model.onnx"))
                f.write(PYTHON_CPU + stage("Spark, ONNX", from_docs("score-onnx.py"), self.at("model.onnx"), four, self.at("onnx")))
                f.write("print('PYTHON', python_cpu() - before, flush=True)\n" + CHECK_ONNX)
            f.write(stage("killed", files, FLOW, self.at("model"), self.at("days/day-*.parquet"), self.at("survived"), str(FILES)))
        log = open(self.at("submit.log"), "w", encoding="utf-8")
        self.addCleanup(log.close)
        submit = subprocess.Popen([os.path.join(os.environ["SPARK_HOME"], "bin", "spark-submit"), "--master", "spark://127.0.0.1:17077", "--driver-memory", "600m",
                                   "--executor-memory", "600m", "--conf", "spark.ui.enabled=false", program], stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(submit.kill)
        wait("the first part", lambda: submit.poll() is not None or os.path.exists(self.at("survived/part-00001.json")), 600)
        self.assertIsNone(submit.poll(), text(self.at("submit.log"))[-4000:])
        os.kill(int(text(os.path.join(self.dir, "worker2.pid"))), signal.SIGKILL)
        self.assertTrue(kill("CoarseGrainedExecutorBackend", "spark://Worker@127.0.0.1:17079"))
        self.assertFalse(os.path.exists(self.at(f"survived/part-{FILES - 1:05d}.json")), "the worker was not killed in the midst")
        self.assertEqual(submit.wait(600), 0, text(self.at("submit.log"))[-4000:])
        for folder in "spark", "survived":
            flow("gather", self.at(folder), "-o", self.at(folder + ".parquet"))
            self.assertEqual(sha256(self.at("single.parquet")), sha256(self.at(folder + ".parquet")))
        said = text(self.at("submit.log"))
        walls = dict(re.findall(r"^STAGE (.*) ([\d.]+)$", said, re.M))
        for name, of, n in [("Spark, files", "files", FILES), ("Spark, SQL", "sql", 4)]:
            note(name, seconds(text(f"{timed}.{of}")), float(walls[name]), n)
        if self.onnx:
            note("Spark, ONNX", float(re.search(r"^PYTHON ([\d.]+)$", said, re.M)[1]), float(walls["Spark, ONNX"]), 4)

    @staticmethod
    def shim(timed, stage):
        """Writes the program that runs flow, timed, in a stage. Returns its path."""
        path = f"{timed}-{stage}"
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'#!/usr/bin/env bash\nSTAGE={stage} exec {timed} "$@"\n')
        os.chmod(path, 0o755)
        return path


def spark_home():
    """Returns the folder of Spark, or what is missing. What the user has set is taken."""
    if not shutil.which("java") and os.geteuid() == 0 and shutil.which("apt-get"):
        install("openjdk-17-jre-headless")
    if not shutil.which("java"):
        return "", "Java 17"
    if home := os.environ.get("SPARK_HOME"):
        return home, ""
    folder = os.path.join(ROOT, ".tools", "spark")
    home = os.path.join(folder, "pyspark-3.5.8", "deps")
    if not os.path.exists(os.path.join(folder, "ready")):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        print("▸ fetching Spark (300 MB)", flush=True)
        fetched = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "-d", folder,
                                  "-r", os.path.join(HERE, "requirements-spark.lock")], capture_output=True, text=True, check=False)
        if fetched.returncode:
            return "", "Spark, which cannot be fetched from PyPI"
        # The archive is used as it is: its setup would build a wheel of 300 MB.
        archive = os.path.join(folder, "pyspark-3.5.8.tar.gz")
        run("tar", "xzf", archive, "-C", folder)
        os.remove(archive)
        shutil.copytree(os.path.join(folder, "pyspark-3.5.8", "lib"), os.path.join(home, "python", "lib"))
        with open(os.path.join(folder, "ready"), "w", encoding="utf-8"):
            pass
    return home, ""


def spark_python():
    """Returns the Python with ONNX Runtime for the executors; "" if it cannot be made."""
    folder = os.path.join(ROOT, ".tools", "spark-python")
    lock = os.path.join(HERE, "requirements-python.lock")
    ready = os.path.join(folder, "ready")
    if not os.path.exists(ready) or text(ready) != sha256(lock):
        print("▸ fetching ONNX Runtime, pandas and pyarrow (90 MB)", flush=True)
        made = subprocess.run([os.path.join(ROOT, "scripts", "make-venv"), sys.executable, folder, lock], capture_output=True, text=True, check=False)
        if made.returncode:
            print("Spark: ONNX is skipped: its packages cannot be fetched from PyPI", flush=True)
            return ""
        with open(ready, "w", encoding="utf-8") as f:
            f.write(sha256(lock))
    return os.path.join(folder, "bin", "python")


def seconds(times):
    """Returns the sum of what the shell's times has printed."""
    return sum(60 * int(m) + float(s) for m, s in re.findall(r"(\d+)m([\d.]+)s", times))


def kill(*words):
    """Kills the process whose arguments have all these words in them. Returns whether there was one."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            line = text(path)
        except (OSError, UnicodeDecodeError):
            continue
        if all(w in line for w in words):
            os.kill(int(path.split("/")[2]), signal.SIGKILL)
            return True
    return False


def main():
    measure = "--measure" in sys.argv
    begin = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        done = unittest.main(argv=[a for a in sys.argv if a != "--measure"], exit=False, verbosity=2)
    finally:
        for folder in STARTED:
            stop(folder)
        for folder in [*STARTED, Inputs.folder or ""]:
            shutil.rmtree(folder, ignore_errors=True)
    for engine, took in MEASURED.items():
        print(f"{engine}: {took['cpu_seconds_per_million_rows']} CPU s per million rows, {took['wall_seconds']} s")
    print(f"{time.monotonic() - begin:.0f} s in all")
    plain = MEASURED.get("one process", {}).get("cpu_seconds_per_million_rows")
    for engine in ENGINES if measure else []:
        if engine in MEASURED and MEASURED[engine]["cpu_seconds_per_million_rows"] > 1.3 * plain:
            print(f"{engine} takes more than 1.3 times the processor time of one process: nothing is written", flush=True)
            sys.exit(1)
    if measure and MEASURED and done.result.wasSuccessful():
        with open(os.path.join(ROOT, "report", "measured", "cluster.json"), "w", encoding="utf-8") as f:
            json.dump({"processors": os.cpu_count(), "scoring": MEASURED}, f, indent=2)
            f.write("\n")
    sys.exit(not done.result.wasSuccessful())


if __name__ == "__main__":
    main()
