"""Glue's part, played here: jobs are moto's, their runs are processes of this machine that run the job's script.

What it does like Glue: it fetches the script from S3, hands it the job's default arguments and the run's, keeps runs
and their arguments, rejects runs beyond MaxConcurrentRuns, stops a run, returns the last line of a failure. What it
cannot show: workers, queues, timeouts, IAM, Glue's own Spark and how Glue installs a wheel.

Not here: states that no process can be in (test_glue_runs.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from socialsent_assets.local_aws.server import EmbeddedAws

ROLE = "arn:aws:iam::123456789012:role/job"


@dataclass
class Process:
    """One run."""

    run_id: str
    job: str
    arguments: dict[str, str]
    process: subprocess.Popen[bytes]
    output: Path
    started_on: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_stopped: bool = False

    @property
    def state(self) -> str:
        code = self.process.poll()
        if code is None:
            return "RUNNING"
        return "STOPPED" if self.is_stopped else "SUCCEEDED" if code == 0 else "FAILED"

    def describe(self) -> dict[str, Any]:
        told = {
            "Id": self.run_id,
            "JobName": self.job,
            "JobRunState": self.state,
            "Arguments": self.arguments,
            "StartedOn": self.started_on,
            "LogGroupName": "/aws-glue/jobs",
        }
        if told["JobRunState"] == "FAILED":
            told["ErrorMessage"] = self.output.read_text(encoding="utf-8").strip().splitlines()[-1]
        return told


class LocalGlue:
    """A boto3 client for Glue whose runs really run; everything else is moto's."""

    def __init__(self, aws: EmbeddedAws, folder: Path, environ: dict[str, str]) -> None:
        self._glue, self._s3 = aws.client("glue"), aws.client("s3")
        self._folder, self._environ = folder, environ
        self.runs: list[Process] = []
        self.most_at_once = 2
        folder.mkdir(parents=True, exist_ok=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._glue, name)

    def add_job(self, name: str, bucket: str, script: str) -> None:
        """A Glue 5.1 job; `script` is the text of its script."""
        key = f"glue/{name}.py"
        self._s3.put_object(Bucket=bucket, Key=key, Body=script.encode())
        self._glue.create_job(
            Name=name,
            Role=ROLE,
            GlueVersion="5.1",
            Command={"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://{bucket}/{key}"},
            DefaultArguments={"--enable-auto-scaling": "true", "--job-language": "python"},
            ExecutionProperty={"MaxConcurrentRuns": 1000},  # moto's states know nothing of processes: see below
        )

    def start_job_run(self, JobName: str, Arguments: dict[str, str]) -> dict[str, str]:
        try:
            job = self._glue.get_job(JobName=JobName)["Job"]
        except self._glue.exceptions.EntityNotFoundException as error:
            raise refused("EntityNotFoundException", "StartJobRun") from error
        if len([run for run in self.runs if run.job == JobName and run.state == "RUNNING"]) >= self.most_at_once:
            raise refused("ConcurrentRunsExceededException", "StartJobRun")
        run_id = self._glue.start_job_run(JobName=JobName, Arguments=Arguments)["JobRunId"]
        place = self._folder / run_id
        place.mkdir()
        bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
        script, output = place / "script.py", place / "output.txt"
        self._s3.download_file(bucket, key, str(script))
        given = {"--JOB_NAME": JobName, "--JOB_RUN_ID": run_id, **job.get("DefaultArguments", {}), **Arguments}
        with output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, str(script), *(word for pair in given.items() for word in pair)],
                cwd=place,
                env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **self._environ},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.runs.append(Process(run_id, JobName, Arguments, process, output))
        return {"JobRunId": run_id}

    def get_job_run(self, JobName: str, RunId: str) -> dict[str, Any]:
        return {"JobRun": self._run(RunId).describe()}

    def get_job_runs(self, JobName: str, MaxResults: int) -> dict[str, Any]:
        return {"JobRuns": [run.describe() for run in reversed(self.runs) if run.job == JobName][:MaxResults]}

    def batch_stop_job_run(self, JobName: str, JobRunIds: list[str]) -> dict[str, Any]:
        for run_id in JobRunIds:
            self._run(run_id).is_stopped = True
            self.end(self._run(run_id))
        return {"SuccessfulSubmissions": [{"JobName": JobName, "JobRunId": run_id} for run_id in JobRunIds]}

    def end(self, run: Process) -> None:
        """End a run's process and its JVM."""
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()

    def close(self) -> None:
        """End whatever still runs."""
        for run in self.runs:
            self.end(run)

    def _run(self, run_id: str) -> Process:
        for run in self.runs:
            if run.run_id == run_id:
                return run
        raise refused("EntityNotFoundException", "GetJobRun")


def refused(code: str, operation: str, status: int = 400) -> ClientError:
    """What boto3 raises when Glue rejects a call."""
    answer: Any = {
        "Error": {"Code": code, "Message": "as tested"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "1"},
    }
    return ClientError(answer, operation)
