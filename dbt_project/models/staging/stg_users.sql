with source as (
    select * from {{ lake_rows('cleansed', 'users') }} as lake
),

renamed as (
    select
        {{ utc('event_hour') }} as event_hour,
        cast(event_id as varchar(1024)) as event_id,
        {{ utc('event_time') }} as event_time,
        {{ short_text('source') }} as source,
        cast(user_id as varchar(1024)) as user_id,
        {{ short_text('user_name') }} as user_name,
        {{ short_text('display_name') }} as display_name,
        cast(age as integer) as age,
        {{ short_text('location') }} as location,
        {{ utc('joined_at') }} as joined_at
    from source
    where {{ in_window(utc('event_hour')) }}
)

select * from renamed
