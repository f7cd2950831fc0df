"""Amazon QuickSight over the marts: a connection into the network, data sets and a dashboard.

The size switches it on, because a person has to sign an account up to QuickSight. Data sets ask the warehouse
directly, so that nothing is copied and nothing grows old; they log in as a user that reads the marts alone.

Not here: that user (warehouse_setup/), the columns (infra/marts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from aws_cdk import aws_quicksight as quicksight
from constructs import Construct

from infra.deployment import Deployment
from infra.marts import mart_columns
from infra.policies import allow
from infra.stacks.network import WAREHOUSE_PORT, NetworkStack
from infra.stacks.stack import SocialSentStack
from infra.stacks.warehouse import DATABASE, MARTS, WarehouseStack
from socialsent_assets.domain.readers import LEXICON
from socialsent_assets.settings import UserError

SHOWN = ("agg_sentiment_hourly", "agg_sentiment_daily", "agg_topic_sentiment_daily", "agg_user_engagement")
MOODS = LEXICON.mood_counts

_TYPES = {
    "date": "DATETIME",
    "timestamp": "DATETIME",
    "bigint": "INTEGER",
    "integer": "INTEGER",
    "double precision": "DECIMAL",
    "boolean": "BOOLEAN",
}
_USE_SOURCE = ("DescribeDataSource", "DescribeDataSourcePermissions", "PassDataSource")
_USE_SET = ("DescribeDataSet", "DescribeDataSetPermissions", "PassDataSet", "DescribeIngestion", "ListIngestions")
_USE_DASHBOARD = ("DescribeDashboard", "ListDashboardVersions", "QueryDashboard")

Visual: TypeAlias = quicksight.CfnDashboard.VisualProperty


class DashboardsStack(SocialSentStack):
    """QuickSight.

    Attributes:
        data_sets: by mart.
    """

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        deployment: Deployment,
        network: NetworkStack,
        warehouse: WarehouseStack,
    ) -> None:
        super().__init__(scope, part, deployment, "dashboards in QuickSight")
        if network.dashboards is None or warehouse.reader is None:
            raise UserError("sizes.toml: dashboards.quicksight is off, so there is nothing to show")
        self._principal = deployment.size.dashboards.quicksight_principal_arn
        if not self._principal:
            raise UserError(
                "sizes.toml: dashboards.quicksight_principal_arn is missing: name the user or group that may see "
                "them (aws quicksight list-users --aws-account-id ACCOUNT --namespace default)"
            )
        self.add_stack_dependency(warehouse)
        connection = self._connection(network, network.dashboards.security_group_id)
        self._source = self._data_source(warehouse, warehouse.reader.secret_arn, connection)
        self.data_sets = {mart: self._data_set(mart) for mart in SHOWN}
        self._dashboard()

    def _connection(self, network: NetworkStack, security_group: str) -> quicksight.CfnVPCConnection:
        calls = [f"ec2:{call}NetworkInterface" for call in ("Create", "Delete")] + [
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups",
        ]
        role = self.make_role(
            "ConnectionRole",
            "quicksight.amazonaws.com",
            "QuickSight's interfaces in the network",
            [
                allow(
                    "MakeInterfaces",
                    calls,
                    ["*"],
                    because="Interfaces have no name before they are made; QuickSight requires these calls.",
                )
            ],
        )
        return quicksight.CfnVPCConnection(
            self,
            "Connection",
            aws_account_id=self.account,
            vpc_connection_id=self.deployment.named("warehouse"),
            name=self.deployment.named("warehouse"),
            role_arn=role.role_arn,
            security_group_ids=[security_group],
            subnet_ids=network.private_subnets,
        )

    def _data_source(
        self, warehouse: WarehouseStack, secret_arn: str, connection: quicksight.CfnVPCConnection
    ) -> quicksight.CfnDataSource:
        return quicksight.CfnDataSource(
            self,
            "Source",
            aws_account_id=self.account,
            data_source_id=self.deployment.named("marts"),
            name="SocialSent marts",
            type="REDSHIFT",
            data_source_parameters=quicksight.CfnDataSource.DataSourceParametersProperty(
                redshift_parameters=quicksight.CfnDataSource.RedshiftParametersProperty(
                    database=DATABASE, host=warehouse.access.host, port=WAREHOUSE_PORT
                )
            ),
            credentials=quicksight.CfnDataSource.DataSourceCredentialsProperty(secret_arn=secret_arn),
            ssl_properties=quicksight.CfnDataSource.SslPropertiesProperty(disable_ssl=False),
            vpc_connection_properties=quicksight.CfnDataSource.VpcConnectionPropertiesProperty(
                vpc_connection_arn=connection.attr_arn
            ),
            permissions=[
                quicksight.CfnDataSource.ResourcePermissionProperty(
                    principal=self._principal, actions=_actions(_USE_SOURCE)
                )
            ],
        )

    def _data_set(self, mart: str) -> quicksight.CfnDataSet:
        table = quicksight.CfnDataSet.RelationalTableProperty(
            data_source_arn=self._source.attr_arn,
            schema=MARTS,
            name=mart,
            input_columns=[
                quicksight.CfnDataSet.InputColumnProperty(name=name, type=shown_type(data_type))
                for name, data_type in mart_columns(mart).items()
            ],
        )
        return quicksight.CfnDataSet(
            self,
            mart.title().replace("_", ""),
            aws_account_id=self.account,
            data_set_id=self.deployment.named(mart.replace("_", "-")),
            name=mart,
            import_mode="DIRECT_QUERY",
            physical_table_map={mart.replace("_", "-"): {"relationalTable": table}},
            permissions=[
                quicksight.CfnDataSet.ResourcePermissionProperty(
                    principal=self._principal, actions=_actions(_USE_SET)
                )
            ],
        )

    def _dashboard(self) -> quicksight.CfnDashboard:
        definition = quicksight.CfnDashboard.DashboardVersionDefinitionProperty(
            data_set_identifier_declarations=[
                quicksight.CfnDashboard.DataSetIdentifierDeclarationProperty(
                    identifier=mart, data_set_arn=data_set.attr_arn
                )
                for mart, data_set in self.data_sets.items()
            ],
            sheets=[
                quicksight.CfnDashboard.SheetDefinitionProperty(
                    sheet_id="mood",
                    name="Mood",
                    visuals=[
                        _lines(
                            "hours", "Texts by mood and hour", "agg_sentiment_hourly", "event_hour", "HOUR", MOODS
                        ),
                        _bars("days", "Texts by mood and day", "agg_sentiment_daily", _day("days"), MOODS),
                        _bars(
                            "topics",
                            "Texts by mood and topic",
                            "agg_topic_sentiment_daily",
                            _category("topics", "agg_topic_sentiment_daily", "topic"),
                            MOODS,
                        ),
                    ],
                )
            ],
        )
        return quicksight.CfnDashboard(
            self,
            "Dashboard",
            aws_account_id=self.account,
            dashboard_id=self.deployment.named("mood"),
            name="SocialSent",
            definition=definition,
            permissions=[
                quicksight.CfnDashboard.ResourcePermissionProperty(
                    principal=self._principal, actions=_actions(_USE_DASHBOARD)
                )
            ],
        )


def shown_type(data_type: str) -> str:
    """QuickSight's type for one of dbt's. Raises KeyError for one that no mart has had so far."""
    return "STRING" if data_type.startswith("varchar") else _TYPES[data_type]


def _actions(calls: Sequence[str]) -> list[str]:
    return [f"quicksight:{call}" for call in calls]


def _column(mart: str, name: str) -> quicksight.CfnDashboard.ColumnIdentifierProperty:
    if name not in mart_columns(mart):
        raise KeyError(f"{mart} has no column {name}")
    return quicksight.CfnDashboard.ColumnIdentifierProperty(column_name=name, data_set_identifier=mart)


def _date(visual: str, mart: str, name: str, granularity: str) -> quicksight.CfnDashboard.DimensionFieldProperty:
    return quicksight.CfnDashboard.DimensionFieldProperty(
        date_dimension_field=quicksight.CfnDashboard.DateDimensionFieldProperty(
            field_id=f"{visual}.{name}", column=_column(mart, name), date_granularity=granularity
        )
    )


def _day(visual: str) -> quicksight.CfnDashboard.DimensionFieldProperty:
    return _date(visual, "agg_sentiment_daily", "event_day", "DAY")


def _category(visual: str, mart: str, name: str) -> quicksight.CfnDashboard.DimensionFieldProperty:
    return quicksight.CfnDashboard.DimensionFieldProperty(
        categorical_dimension_field=quicksight.CfnDashboard.CategoricalDimensionFieldProperty(
            field_id=f"{visual}.{name}", column=_column(mart, name)
        )
    )


def _sums(visual: str, mart: str, names: Sequence[str]) -> list[quicksight.CfnDashboard.MeasureFieldProperty]:
    # Counts add up over hours, days and topics; shares and means would not.
    return [
        quicksight.CfnDashboard.MeasureFieldProperty(
            numerical_measure_field=quicksight.CfnDashboard.NumericalMeasureFieldProperty(
                field_id=f"{visual}.{name}",
                column=_column(mart, name),
                aggregation_function=quicksight.CfnDashboard.NumericalAggregationFunctionProperty(
                    simple_numerical_aggregation="SUM"
                ),
            )
        )
        for name in names
    ]


def _title(text: str) -> quicksight.CfnDashboard.VisualTitleLabelOptionsProperty:
    return quicksight.CfnDashboard.VisualTitleLabelOptionsProperty(
        visibility="VISIBLE", format_text=quicksight.CfnDashboard.ShortFormatTextProperty(plain_text=text)
    )


def _lines(visual: str, title: str, mart: str, time: str, granularity: str, names: Sequence[str]) -> Visual:
    wells = quicksight.CfnDashboard.LineChartAggregatedFieldWellsProperty(
        category=[_date(visual, mart, time, granularity)], values=_sums(visual, mart, names)
    )
    return Visual(
        line_chart_visual=quicksight.CfnDashboard.LineChartVisualProperty(
            visual_id=visual,
            title=_title(title),
            chart_configuration=quicksight.CfnDashboard.LineChartConfigurationProperty(
                type="LINE",
                field_wells=quicksight.CfnDashboard.LineChartFieldWellsProperty(
                    line_chart_aggregated_field_wells=wells
                ),
            ),
        )
    )


def _bars(
    visual: str,
    title: str,
    mart: str,
    by: quicksight.CfnDashboard.DimensionFieldProperty,
    names: Sequence[str],
) -> Visual:
    wells = quicksight.CfnDashboard.BarChartAggregatedFieldWellsProperty(
        category=[by], values=_sums(visual, mart, names)
    )
    return Visual(
        bar_chart_visual=quicksight.CfnDashboard.BarChartVisualProperty(
            visual_id=visual,
            title=_title(title),
            chart_configuration=quicksight.CfnDashboard.BarChartConfigurationProperty(
                orientation="VERTICAL",
                bars_arrangement="STACKED",
                field_wells=quicksight.CfnDashboard.BarChartFieldWellsProperty(
                    bar_chart_aggregated_field_wells=wells
                ),
            ),
        )
    )
