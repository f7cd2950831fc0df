with source as (
    select * from {{ lake_rows('cleansed', 'moderation_labels') }} as lake
),

renamed as (
    select
        {{ utc('event_hour') }} as event_hour,
        cast(event_id as varchar(1024)) as event_id,
        {{ utc('event_time') }} as event_time,
        {{ short_text('source') }} as source,
        cast(subject_id as varchar(1024)) as subject_id,
        cast(subject_kind as varchar(1024)) as subject_kind,
        cast(labeler_id as varchar(1024)) as labeler_id,
        cast(label_value as varchar(1024)) as label_value,
        cast(withdrawn as boolean) as withdrawn
    from source
    where {{ in_window(utc('event_hour')) }}
)

select * from renamed
