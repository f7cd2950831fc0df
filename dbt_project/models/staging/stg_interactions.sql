with source as (
    select * from {{ lake_rows('cleansed', 'interactions') }} as lake
),

renamed as (
    select
        {{ utc('event_hour') }} as event_hour,
        cast(event_id as varchar(1024)) as event_id,
        {{ utc('event_time') }} as event_time,
        {{ short_text('source') }} as source,
        cast(interaction_id as varchar(1024)) as interaction_id,
        cast(action as varchar(1024)) as action,
        cast(actor_id as varchar(1024)) as actor_id,
        cast(post_id as varchar(1024)) as post_id,
        cast(target_user_id as varchar(1024)) as target_user_id
    from source
    where {{ in_window(utc('event_hour')) }}
)

select * from renamed
