"""The containers of Dagster's task: what each runs, their start order and their health checks.

Not here: the task and the service (orchestration.py), the image (container/Dockerfile).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.stacks.network import WEBSERVER_PORT

CODE = ("--module-name", "socialsent_assets.definitions")
CODE_PORT = 4000
WORKSPACE = "infra/dagster/workspace.yaml"
MIGRATE = "dagster instance migrate"
WAIT_FOR_CODE = f"python infra/dagster/wait_for_code.py {CODE_PORT}"
_LONGEST_SECONDS = 120  # that Fargate waits for a container to start, and to end by itself


@dataclass(frozen=True)
class DagsterContainers:
    """Containers of one image, which differ by their command.

    Attributes:
        task: gets the containers.
        image: of all of them.
        log_group: their logs, a stream for each.
        settings: environment of each, nothing of it secret.
        password: secret of the database, with `password`.
    """

    task: ecs.FargateTaskDefinition
    image: ecs.ContainerImage
    log_group: logs.ILogGroup
    settings: Mapping[str, str]
    password: secretsmanager.ISecret

    def add(self, door: str) -> None:
        """`code` migrates Dagster's tables and then answers; web server and daemon wait for its answer.

        One container migrates before it serves, and ECS stops the old task before it starts this one: no process
        ever meets tables that are changed under it. Waiting is done inside of the containers, because ECS waits two
        minutes at most for a container on Fargate.

        Args:
            door: address that the web server listens on.
        """
        code_answers = f"import socket; socket.create_connection(('127.0.0.1', {CODE_PORT}), 5)"
        ui_answers = (
            f"import urllib.request as r; r.urlopen('http://127.0.0.1:{WEBSERVER_PORT}/server_info', timeout=5)"
        )
        code = self._container(
            "code",
            ["dagster", "api", "grpc", *CODE, "--host", "127.0.0.1", "--port", str(CODE_PORT)],
            first=MIGRATE,
            healthy=["python", "-c", code_answers],
        )
        webserver = self._container(
            "webserver",
            ["dagster-webserver", "--workspace", WORKSPACE, "--host", door, "--port", str(WEBSERVER_PORT)],
            first=WAIT_FOR_CODE,
            healthy=["python", "-c", ui_answers],
        )
        webserver.add_port_mappings(ecs.PortMapping(container_port=WEBSERVER_PORT))
        self.task.default_container = webserver
        daemon = self._container("daemon", ["dagster-daemon", "run", "--workspace", WORKSPACE], first=WAIT_FOR_CODE)
        for container in (webserver, daemon):
            container.add_container_dependencies(
                ecs.ContainerDependency(container=code, condition=ecs.ContainerDependencyCondition.START)
            )

    def _container(
        self,
        name: str,
        command: Sequence[str],
        *,
        first: str,
        healthy: Sequence[str] | None = None,
    ) -> ecs.ContainerDefinition:
        return self.task.add_container(
            name,
            image=self.image,
            # The image's own entry point is the model server's. `exec` leaves the command alone to take the signals.
            entry_point=["sh", "-c", f'{first} && exec "$@"', name, *command],
            environment=self.settings,
            secrets={"DAGSTER_PG_PASSWORD": ecs.Secret.from_secrets_manager(self.password, "password")},
            logging=ecs.LogDrivers.aws_logs(stream_prefix=name, log_group=self.log_group),
            linux_parameters=ecs.LinuxParameters(
                cdk.Stack.of(self.task), f"{name.title()}Linux", init_process_enabled=True
            ),
            start_timeout=cdk.Duration.seconds(_LONGEST_SECONDS),
            stop_timeout=cdk.Duration.seconds(_LONGEST_SECONDS),
            health_check=ecs.HealthCheck(
                command=["CMD", *healthy],
                interval=cdk.Duration.seconds(30),
                timeout=cdk.Duration.seconds(10),
                retries=5,
                start_period=cdk.Duration.seconds(300),  # Python imports all of it on a share of one CPU
            )
            if healthy
            else None,
        )
