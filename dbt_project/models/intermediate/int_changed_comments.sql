{{ config(materialized='view') }}

-- A comment takes its topic from its post, so a changed post changes its comments.
select distinct entity_id as comment_id
from {{ ref('int_event_keys') }}
where
    event_kind = 'comment'
    and (
        {{ in_window('event_hour') }}
        or post_id in (select post_id from {{ ref('int_changed_posts') }})
        or entity_id in (select subject_id from {{ ref('int_changed_deletions') }})
        or user_id in (select subject_id from {{ ref('int_changed_deletions') }})
    )
