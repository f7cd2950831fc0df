{{ config(materialized='view') }}

-- An edit in the window takes a text out of the hour in which it stood before: all hours of all versions count.
with keys as (select * from {{ ref('int_event_keys') }})

select distinct event_hour, cast(event_hour as date) as event_day
from keys
where
    (event_kind = 'post' and entity_id in (select post_id from {{ ref('int_changed_posts') }}))
    or (event_kind = 'comment' and entity_id in (select comment_id from {{ ref('int_changed_comments') }}))
