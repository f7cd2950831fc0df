with source as (
    select * from {{ lake_rows('cleansed', 'deletions') }} as lake
),

renamed as (
    select
        {{ utc('event_hour') }} as event_hour,
        cast(event_id as varchar(1024)) as event_id,
        {{ utc('event_time') }} as event_time,
        {{ short_text('source') }} as source,
        cast(subject_id as varchar(1024)) as subject_id,
        cast(subject_kind as varchar(1024)) as subject_kind,
        cast(restored as boolean) as restored
    from source
    where {{ in_window(utc('event_hour')) }}
)

select * from renamed
