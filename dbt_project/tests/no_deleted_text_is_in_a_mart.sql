{{ config(meta={'dagster': {'ref': {'name': 'fct_posts'}}}) }}
-- A tombstone that is the newest version of its post or comment keeps that text out of the facts. Looks at the
-- window's tombstones.
with tombstones as (
    select {{ typed('post') }} as text_kind, post_id as text_id, event_time, event_id
    from {{ ref('int_post_versions') }}
    where deleted and {{ in_window('event_hour') }}
    union all
    select {{ typed('comment') }}, comment_id, event_time, event_id from {{ ref('int_comment_versions') }}
    where deleted and {{ in_window('event_hour') }}
),

texts as (
    select {{ typed('post') }} as text_kind, post_id as text_id, event_time, event_id from {{ ref('fct_posts') }}
    union all
    select {{ typed('comment') }}, comment_id, event_time, event_id from {{ ref('fct_comments') }}
)

select texts.text_kind, texts.text_id
from texts
inner join tombstones on texts.text_kind = tombstones.text_kind and texts.text_id = tombstones.text_id
where
    texts.event_time < tombstones.event_time
    or (texts.event_time = tombstones.event_time and texts.event_id <= tombstones.event_id)
