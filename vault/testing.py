"""Starts an S3-compatible server for tests: a real process, which checks signatures as the real ones do."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

BUCKET = "documents"
PATIENCE = 60.0  # seconds
NOBODY = {"aws_access_key_id": "setup", "aws_secret_access_key": "setup", "region_name": "us-east-1"}
ALL_OF_S3 = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BucketServer:
    """moto's server with one bucket and one user, whose keys it asks for."""

    def __init__(self, log: Path) -> None:
        self.port, self.log = free_port(), log
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.keys: dict[str, str] = {}

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "MOTO_PORT": str(self.port)}
            )
        give_up_at = time.monotonic() + PATIENCE
        while not self.answers():
            assert time.monotonic() < give_up_at, f"moto does not answer: {self.log.read_text()[-1000:]}"
            threading.Event().wait(0.1)

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=5).close()
        except OSError:
            return False
        return True

    def prepare(self) -> None:
        """Make the bucket and the user; from now on everybody shows the user's keys."""
        iam = boto3.client("iam", endpoint_url=self.url, **NOBODY)
        iam.create_user(UserName="portal")
        iam.put_user_policy(UserName="portal", PolicyName="s3", PolicyDocument=ALL_OF_S3)
        key = iam.create_access_key(UserName="portal")["AccessKey"]
        self.keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        boto3.client("s3", endpoint_url=self.url, **NOBODY).create_bucket(Bucket=BUCKET)
        headers = {"Content-Type": "text/plain"}
        from_now_on = urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=b"0", headers=headers)
        urllib.request.urlopen(from_now_on, timeout=5).close()

    def client(self) -> Any:
        """Return a client of the user's, to look at what the portal left there."""
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10)
        return boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", config=config,
            aws_access_key_id=self.keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.keys["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip

    def contents(self) -> dict[str, bytes]:
        listed = self.client().list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {each["Key"]: self.client().get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed}

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
