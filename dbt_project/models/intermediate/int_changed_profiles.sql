{{ config(materialized='view') }}

select distinct entity_id as user_id
from {{ ref('int_event_keys') }}
where
    event_kind = 'user'
    and ({{ in_window('event_hour') }} or entity_id in (select subject_id from {{ ref('int_changed_deletions') }}))
