with source as (
    select * from {{ lake_rows('cleansed', 'comments', lists=['hashtags']) }} as lake
),

renamed as (
    select
        {{ utc('event_hour') }} as event_hour,
        cast(event_id as varchar(1024)) as event_id,
        {{ utc('event_time') }} as event_time,
        {{ short_text('source') }} as source,
        cast(post_id as varchar(1024)) as post_id,
        cast(comment_id as varchar(1024)) as comment_id,
        cast(parent_comment_id as varchar(1024)) as parent_comment_id,
        cast(author_id as varchar(1024)) as author_id,
        {{ long_text('text') }} as text,
        {{ long_text('clean_text') }} as clean_text,
        {{ short_text('lang') }} as lang,
        {{ long_text(list_to_text('hashtags')) }} as hashtags,
        cast(deleted as boolean) as deleted
    from source
    where {{ in_window(utc('event_hour')) }}
)

select * from renamed
