"""Stack of the observability: alarms, failures of Glue, the budget, one dashboard of the whole pipeline.

Every alarm also notifies on recovery. Not here: each alarm's rule (alarms.py), the topic (notifications.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cw
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import alarms
from infra.alarms import Watch, counted, of_lambda, ours
from infra.deployment import Deployment
from infra.policies import ingest
from infra.stacks.compute import ComputeStack
from infra.stacks.notifications import NotificationsStack
from infra.stacks.stack import SocialSentStack
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.domain.monitoring import metrics_catalog as pipeline

GLUE_FAILURES = ["FAILED", "TIMEOUT", "ERROR"]
"""End states of a Glue run that are failures; STOPPED is requested by a deadline or a person."""

SPENT = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""Shares of the budget, in percent, that send a notification."""


class ObservabilityStack(SocialSentStack):
    """Alarms, dashboard, budget.

    Attributes:
        alarms: by the name of their watch.
        dashboard: `<name>`.
    """

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        deployment: Deployment,
        compute: ComputeStack,
        notifications: NotificationsStack,
    ) -> None:
        super().__init__(scope, part, deployment, "alarms, dashboard and budget")
        self.add_stack_dependency(notifications)
        self._topic = sns.Topic.from_topic_arn(self, "Topic", notifications.topic_arn)
        found = alarms.watches(deployment, compute.workgroup)
        self.alarms = {watch.name: self._alarm(watch) for watch in found}
        self._tell_of_glue(list(compute.job_names.values()))
        self._budget(notifications.topic_arn)
        self.dashboard = self._dashboard(compute)
        self.output("DashboardName", deployment.name, "Dashboard in CloudWatch")

    def _alarm(self, watch: Watch) -> cw.Alarm:
        alarm = cw.Alarm(
            self,
            watch.name.title().replace("-", ""),
            alarm_name=self.deployment.named(watch.name),
            alarm_description=watch.meaning,
            metric=watch.metric,
            threshold=watch.threshold,
            comparison_operator=watch.operator,
            evaluation_periods=watch.periods,
            datapoints_to_alarm=watch.breaches,
            treat_missing_data=watch.missing,
        )
        action = actions.SnsAction(self._topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)
        return alarm

    def _tell_of_glue(self, jobs: Sequence[str]) -> None:
        detail = events.EventField.from_path
        message = (
            f"The Glue job {detail('$.detail.jobName')} ended as {detail('$.detail.state')}: "
            f"{detail('$.detail.message')} Run {detail('$.detail.jobRunId')}, {detail('$.time')}. Dagster tries "
            "its hours again; the run's log is in CloudWatch under /aws-glue/jobs."
        )
        events.Rule(
            self,
            "GlueFailures",
            rule_name=self.deployment.named(alarms.GLUE_FAILURES),
            description="A Glue run of ours that failed",
            event_pattern=events.EventPattern(
                source=["aws.glue"],
                detail_type=["Glue Job State Change"],
                detail={"jobName": list(jobs), "state": GLUE_FAILURES},
            ),
            targets=[targets.SnsTopic(self._topic, message=events.RuleTargetInput.from_text(message))],
        )

    def _budget(self, topic_arn: str) -> None:
        size = self.deployment.size.observability
        by_tag = {"TagKeyValue": [f"user:project${self.deployment.name}"]}
        listeners = [
            budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic_arn),
            *(
                budgets.CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=address)
                for address in size.emails[:10]  # a notification takes ten addresses
            ),
        ]
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self.deployment.named("monthly"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=size.budget_usd_a_month, unit="USD"),
                cost_filters=by_tag if size.budget_by_tag else None,
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=listeners,
                )
                for kind, percent in SPENT
            ],
        )

    def _dashboard(self, compute: ComputeStack) -> cw.Dashboard:
        """In the order of the data: alarms, stream, landing, hours, mood, warehouse and cost."""
        deployment = self.deployment
        consumer, sender = ingest_metrics.CONSUMER, ingest_metrics.MOCK_SERVER

        def chart(title: str, *metrics: cw.IMetric, label: str = "") -> cw.GraphWidget:
            return cw.GraphWidget(
                title=title, left=list(metrics), width=8, height=6, left_y_axis=cw.YAxisProps(label=label, min=0)
            )

        def by_tier(number: pipeline.Metric, minutes: int) -> list[cw.Metric]:
            return [ours(number, minutes, Tier=tier) for tier in pipeline.TIERS]

        return cw.Dashboard(
            self,
            "Dashboard",
            dashboard_name=deployment.name,
            default_interval=cdk.Duration.days(1),
            widgets=[
                [cw.AlarmStatusWidget(title="Alarms", alarms=list(self.alarms.values()), width=24, height=4)],
                [
                    chart("Records sent by the mock feed", counted(sender, ingest_metrics.RECORDS_SENT)),
                    chart(
                        "Records taken from the stream",
                        *(counted(consumer, name) for name in ingest_metrics.METRICS_OF[consumer][:4]),
                    ),
                    chart("Age of the oldest record", alarms.iterator_age(deployment), label="milliseconds"),
                ],
                [
                    chart(
                        "Errors of the Lambdas",
                        *(
                            of_lambda(deployment, function, "Errors", "Sum")
                            for function in (ingest.MOCK_SERVER, ingest.CONSUMER)
                        ),
                    ),
                    chart("Quarantined", alarms.quarantine_percent(15), label="percent"),
                    chart(
                        "Given up",
                        *(
                            alarms.queue_depth(deployment, queue)
                            for queue in (ingest.FAILED_BATCHES, ingest.FAILED_TICKS)
                        ),
                        label="messages",
                    ),
                ],
                [
                    chart("Newest hour", *by_tier(pipeline.FRESHNESS_MINUTES, 5), label="minutes old"),
                    chart("Hours that wait", ours(pipeline.STALE_HOURS, 5)),
                    chart(
                        "Alerts, failed runs and checks",
                        ours(pipeline.OPEN_ALERTS, 5),
                        ours(pipeline.RUN_FAILURES, 60),
                        ours(pipeline.FAILED_CHECKS, 60),
                    ),
                ],
                [
                    chart("Records of an hour", *by_tier(pipeline.RECORDS, 60)),
                    chart("Duplicates of an hour", *by_tier(pipeline.DUPLICATES, 60)),
                    chart("Quarantined of an hour", *by_tier(pipeline.QUARANTINED, 60)),
                ],
                [
                    chart("Share of negative texts", ours(pipeline.SHARE_NEGATIVE, 60, Tier="analytics")),
                    cw.GraphWidget(
                        title="Mean polarity",
                        left=[ours(pipeline.MEAN_POLARITY, 60, Tier="analytics")],
                        left_y_axis=cw.YAxisProps(min=-1, max=1),
                        width=8,
                        height=6,
                    ),
                    chart("Lexicon against champion", ours(pipeline.LEXICON_DISAGREEMENT, 60, Tier="analytics")),
                ],
                [
                    chart(
                        "Time in Glue runs",
                        *(
                            alarms.metric(
                                "Glue",
                                "glue.driver.aggregate.elapsedTime",
                                "Sum",
                                60,
                                job,
                                JobName=job,
                                JobRunId="ALL",
                                Type="count",
                            )
                            for job in compute.job_names.values()
                        ),
                        label="milliseconds",
                    ),
                    chart("Warehouse", *alarms.warehouse_metrics(deployment)),
                    chart("Read by Athena in a day", alarms.athena_scan(compute.workgroup), label="bytes"),
                ],
            ],
        )
