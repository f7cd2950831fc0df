{{ config(materialized='view') }}

select distinct entity_id as interaction_id
from {{ ref('int_event_keys') }}
where
    event_kind = 'interaction'
    and (
        {{ in_window('event_hour') }}
        or entity_id in (select subject_id from {{ ref('int_changed_deletions') }})
        or user_id in (select subject_id from {{ ref('int_changed_deletions') }})
        or other_user_id in (select subject_id from {{ ref('int_changed_deletions') }})
    )
