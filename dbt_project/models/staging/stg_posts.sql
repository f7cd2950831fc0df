with source as (
    select * from {{ lake_rows('cleansed', 'posts', lists=['hashtags']) }} as lake
),

renamed as (
    select
        {{ utc('event_hour') }} as event_hour,
        cast(event_id as varchar(1024)) as event_id,
        {{ utc('event_time') }} as event_time,
        {{ short_text('source') }} as source,
        cast(post_id as varchar(1024)) as post_id,
        cast(author_id as varchar(1024)) as author_id,
        {{ long_text('text') }} as text,
        {{ long_text('clean_text') }} as clean_text,
        {{ short_text('lang') }} as lang,
        {{ short_text('topic') }} as topic,
        {{ long_text(list_to_text('hashtags')) }} as hashtags,
        {{ short_text('place') }} as place,
        cast(deleted as boolean) as deleted
    from source
    where {{ in_window(utc('event_hour')) }}
)

select * from renamed
