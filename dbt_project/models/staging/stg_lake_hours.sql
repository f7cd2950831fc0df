with lake as (
    select rows_of_days.*, {{ partition_hour() }} as partition_hour
    from {{ lake_rows('analytics', 'lake_hours') }} as rows_of_days
)

select
    partition_hour as event_hour,
    cast(records as bigint) as records,
    cast(accepted as bigint) as accepted,
    cast(duplicates as bigint) as duplicates,
    cast(quarantined as bigint) as quarantined,
    cast(scored as bigint) as scored,
    cast(lake_version as varchar(1024)) as lake_version
from lake
where {{ in_window('partition_hour') }}
