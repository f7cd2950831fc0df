with lake as (
    select rows_of_days.*, {{ partition_hour() }} as partition_hour
    from {{ lake_rows('cleansed', 'comments') }} as rows_of_days
)

select
    partition_hour as event_hour,
    cast(event_id as varchar(1024)) as event_id,
    cast(event_time as timestamp) as event_time,
    cast(source as varchar(1024)) as source,
    cast(post_id as varchar(1024)) as post_id,
    cast(comment_id as varchar(1024)) as comment_id,
    cast(parent_comment_id as varchar(1024)) as parent_comment_id,
    cast(author_id as varchar(1024)) as author_id,
    cast(text as varchar(65535)) as text,
    cast(clean_text as varchar(65535)) as clean_text,
    cast(lang as varchar(1024)) as lang,
    cast({{ list_to_text('hashtags') }} as varchar(65535)) as hashtags,
    cast(deleted as boolean) as deleted
from lake
where {{ in_window('partition_hour') }}
