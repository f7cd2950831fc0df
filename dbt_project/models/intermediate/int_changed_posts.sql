{{ config(materialized='view') }}

-- A deletion names the post, or its author: the keys identify those posts, whatever their hour.
select distinct entity_id as post_id
from {{ ref('int_event_keys') }}
where
    event_kind = 'post'
    and (
        {{ in_window('event_hour') }}
        or entity_id in (select subject_id from {{ ref('int_changed_deletions') }})
        or user_id in (select subject_id from {{ ref('int_changed_deletions') }})
    )
