with source as (
    select * from {{ lake_rows('analytics', 'lake_hours') }} as lake
),

renamed as (
    select
        {{ utc('event_hour') }} as event_hour,
        cast(records as bigint) as records,
        cast(accepted as bigint) as accepted,
        cast(duplicates as bigint) as duplicates,
        cast(quarantined as bigint) as quarantined,
        cast(scored as bigint) as scored,
        cast(lake_version as varchar(1024)) as lake_version
    from source
    where {{ in_window(utc('event_hour')) }}
)

select * from renamed
